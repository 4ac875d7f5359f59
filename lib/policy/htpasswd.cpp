#include "policy/htpasswd.hpp"

#include <algorithm>
#include <utility>

#include "base/base64url.hpp"
#include "crypto/hash.hpp"

namespace gatelet::policy {
namespace {

using User = Htpasswd::User;

std::string_view without_blanks_before(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view take_line(std::string_view& text) noexcept {
  auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

Error refusal(std::size_t line, std::string_view said) {
  return {Status::invalid_value, "line " + std::to_string(line) + " " + std::string(said)};
}

// What is wrong with a line's name; empty when nothing is.
std::string_view name_fault(std::string_view name) noexcept {
  if (name.empty()) return "has no user name; write name:hash";
  if (name.find('"') != std::string_view::npos) return "has a quotation mark in its user name";
  if (std::any_of(name.begin(), name.end(), is_control)) return "has a control character";
  return {};
}

Result<Secret> mark_of(std::string_view name, std::string_view hash) {
  auto digest =
      crypto::hash(crypto::Digest::sha256, std::string(name).append(1, '\0').append(hash));
  if (!digest.ok()) return std::move(digest).error();
  return Secret(base64url::encode(std::string_view(*digest).substr(0, 16)));
}

Result<User> read_user(std::string_view line, std::size_t number) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refusal(number, "has no colon; write name:hash");
  const auto name = without_blanks_before(line.substr(0, colon));
  if (const auto fault = name_fault(name); !fault.empty()) return refusal(number, fault);
  const auto field = without_blanks_before(line.substr(colon + 1));
  if (field.find(':') != std::string_view::npos) {
    return refusal(number, "has more than name:hash; a name cannot hold a colon");
  }
  auto hash = crypto::PasswordHash::parse(field);
  if (!hash.ok()) {
    return refusal(number, "has a password that " + std::move(hash).error().text);
  }
  auto mark = mark_of(name, hash->text());
  if (!mark.ok()) return std::move(mark).error();
  return User{std::string(name),
              std::make_shared<const crypto::PasswordHash>(std::move(hash).value()),
              std::move(mark).value()};
}

}  // namespace

Result<Htpasswd> Htpasswd::parse(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) {
    return refusal(1, "begins with a byte order mark; save the file without it");
  }
  Htpasswd out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = take_line(text);
    if (without_blanks_before(line).empty() || line.starts_with('#')) continue;
    auto user = read_user(line, number);
    if (!user.ok()) return std::move(user).error();
    out.users_.push_back(std::move(user).value());
  }
  // The last line of a name comes first among its like, and stays.
  std::reverse(out.users_.begin(), out.users_.end());
  std::stable_sort(out.users_.begin(), out.users_.end(),
                   [](const User& a, const User& b) { return a.name < b.name; });
  const auto end = std::unique(out.users_.begin(), out.users_.end(),
                               [](const User& a, const User& b) { return a.name == b.name; });
  out.users_.erase(end, out.users_.end());
  return out;
}

const User* Htpasswd::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(users_.begin(), users_.end(), name,
                                      [](const User& user, auto text) { return user.name < text; });
  return found != users_.end() && found->name == name ? &*found : nullptr;
}

std::shared_ptr<const crypto::PasswordHash> Htpasswd::decoy() const noexcept {
  const auto slow = std::find_if(users_.begin(), users_.end(),
                                 [](const User& user) { return user.hash->is_slow(); });
  if (slow != users_.end()) return slow->hash;
  return users_.empty() ? nullptr : users_.front().hash;
}

}  // namespace gatelet::policy
