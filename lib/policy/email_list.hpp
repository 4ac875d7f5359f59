// The addresses of authenticated_emails_file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatelet::policy {

class EmailList {
 public:
  // One address a line; blank lines and those that begin with "#" are passed over, and of a line
  // with commas the first field counts (the reference reads the file as CSV).
  //   Failure: Status::invalid_value for a line that holds no address; the text names its number
  //   and not what stands there.
  static Result<EmailList> parse(std::string_view text);

  bool contains(std::string_view email) const noexcept;  // without regard to ASCII case
  std::size_t size() const noexcept { return addresses_.size(); }

 private:
  std::vector<std::string> addresses_;  // lower case, sorted
};

}  // namespace gatelet::policy
