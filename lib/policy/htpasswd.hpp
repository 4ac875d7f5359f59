// The users of htpasswd_file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/password.hpp"

namespace gatelet::policy {

class Htpasswd {
 public:
  struct User {
    std::string name;
    std::shared_ptr<const crypto::PasswordHash> hash;
    // Names this line of the file, password and all, without telling it: 22 letters. A guess at a
    // password could be tried on it.
    Secret mark;
  };

  // One user a line, `name:hash` (crypto/password.hpp). Blank lines, lines that begin with "#", and
  // blanks before a field count for nothing. Of several lines for one name the last one counts.
  //   Failure: Status::invalid_value; the text names the line, never what stands in it.
  static Result<Htpasswd> parse(std::string_view text);

  // By the whole name; null when there is none.
  const User* find(std::string_view name) const noexcept;

  // What an unknown name is checked against, so that it takes as long as a wrong password: the
  // slowest kind of hash there is. Null without users.
  std::shared_ptr<const crypto::PasswordHash> decoy() const noexcept;

  bool is_empty() const noexcept { return users_.empty(); }

 private:
  std::vector<User> users_;  // by name
};

}  // namespace gatelet::policy
