// The user and password a request presents: checked against htpasswd_file, or remembered from
// before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/password.hpp"
#include "engine/presented.hpp"
#include "engine/question.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

struct PresentedPassword {
  enum class Kind : std::uint8_t {
    accepted,
    rejected,
    unchecked,  // the hash takes its time
  };
  Kind kind = Kind::rejected;
  // The person behind the name, once the password is right; null: nobody has this name, however
  // the check ends.
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const crypto::PasswordHash> hash;  // unchecked: what to compare with
  std::string attempt;                               // names user, password and line of the file
};

// Requires snapshot.attempt_key. A name that is not in the file takes as long as one with a slow
// hash.
PresentedPassword present_password(const Memory& memory, std::string_view user,
                                   std::string_view password, Instant now);

// What was found right need not be computed again for some minutes, as long as the file has the
// same line.
void remember_password(const Memory& memory, const std::string& attempt,
                       std::shared_ptr<const session::Session> session, Instant now);

// The person behind HTTP Basic.
Presented behind_password(std::shared_ptr<const session::Session> session);

}  // namespace gatelet::engine
