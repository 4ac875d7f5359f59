#include "policy/email_list.hpp"

#include <algorithm>

#include "http/ascii.hpp"
#include "policy/email_rules.hpp"

namespace gatelet::policy {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// The first field of a line of CSV, with or without quotes.
std::string_view first_field(std::string_view line) noexcept {
  if (!line.starts_with('"')) return trimmed(line.substr(0, line.find(',')));
  line.remove_prefix(1);
  return trimmed(line.substr(0, line.find('"')));
}

// `address` is in lower case already.
bool is_before(std::string_view address, std::string_view email) noexcept {
  return std::lexicographical_compare(address.begin(), address.end(), email.begin(), email.end(),
                                      [](char a, char b) {
                                        return static_cast<unsigned char>(http::to_lower(a)) <
                                               static_cast<unsigned char>(http::to_lower(b));
                                      });
}

}  // namespace

Result<EmailList> EmailList::parse(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  EmailList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = trimmed(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto address = first_field(line);
    if (domain_of(address).empty()) {
      return Error{Status::invalid_value,
                   "line " + std::to_string(number) + " holds no address; write one a line"};
    }
    list.addresses_.push_back(http::lower(address));
  }
  std::sort(list.addresses_.begin(), list.addresses_.end(), is_before);
  return list;
}

bool EmailList::contains(std::string_view email) const noexcept {
  const auto found = std::lower_bound(addresses_.begin(), addresses_.end(), email, is_before);
  return found != addresses_.end() && !is_before(email, *found);
}

}  // namespace gatelet::policy
