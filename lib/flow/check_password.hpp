// A user and a password from htpasswd_file, checked while nobody waits in a thread.
#pragma once

#include <memory>
#include <utility>

#include "base/secret.hpp"
#include "crypto/password.hpp"
#include "flow/flow.hpp"

namespace gatelet::flow {

class CheckPassword {
 public:
  // `hash` is not null.
  CheckPassword(std::shared_ptr<const crypto::PasswordHash> h, Secret p)
      : hash(std::move(h)), password(std::move(p)) {}
  std::shared_ptr<const crypto::PasswordHash> hash;
  Secret password;
};

// Whether it is the password.
//   Failure: class unavailable: it is not known.
Flow<bool> check_password(CheckPassword in);

}  // namespace gatelet::flow
