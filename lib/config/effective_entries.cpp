#include "config/effective_entries.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "config/options.hpp"

namespace gatelet::config {
namespace {

using Entry = Settings::Entry;
using Origin = Settings::Origin;

// Options, besides those of providers and upstreams, that the alpha configuration has, or has
// something in place of.
constexpr Row replaced_rows[] = {
    Row::allowed_groups,
    Row::pass_user_headers,
    Row::pass_access_token,
    Row::pass_authorization_header,
    Row::set_authorization_header,
    Row::set_xauthrequest,
    Row::pass_basic_auth,
    Row::set_basic_auth,
    Row::basic_auth_password_file,
    Row::basic_auth_password,
    Row::prefer_email_to_user,
    Row::inject_request_headers,
    Row::inject_response_headers,
    Row::skip_auth_strip_headers,
    Row::allowed_roles,
    Row::http_address,
    Row::https_address,
    Row::tls_cert_file,
    Row::tls_key_file,
    Row::tls_min_version,
    Row::tls_cipher_suites,
    Row::metrics_address,
    Row::metrics_secure_address,
    Row::metrics_tls_cert_file,
    Row::metrics_tls_key_file,
};

bool is_replaced(const Option& option) noexcept {
  return option.scope == Scope::provider || option.scope == Scope::upstream ||
         std::find(std::begin(replaced_rows), std::end(replaced_rows), option.row) !=
             std::end(replaced_rows);
}

// "providers.<id>." before the option's own name, or nothing.
std::string_view prefix_of(std::string_view key) noexcept {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot + 1);
}

class Judge {
 public:
  explicit Judge(const std::vector<Entry>& entries) : entries_(entries) {}

  // Whether the entry counts; what is wrong with it is said.
  bool counts(const Entry& entry, Problems& problems) const {
    if (entry.is_alpha) return true;
    const auto prefix = prefix_of(entry.key);
    const auto* option = find_option(std::string_view(entry.key).substr(prefix.size()));
    if (option == nullptr || !is_replaced(*option)) return true;
    if (entry.origin == Origin::environment) return false;
    if (entry.origin == Origin::call && has_part(*option, prefix)) return true;
    problems.add_first({Status::invalid_value,
                        entry.key +
                            ": does not go with an alpha configuration, which says this itself; "
                            "leave it out, and write it there"});
    return false;
  }

 private:
  // The configuration has this provider, or the option is none of a provider.
  bool has_part(const Option& option, std::string_view prefix) const {
    if (option.scope != Scope::provider) return true;
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      if (!entry.is_alpha || prefix_of(entry.key) != prefix) return false;
      const auto* other = find_option(std::string_view(entry.key).substr(prefix.size()));
      return other != nullptr && other->scope == Scope::provider;
    });
  }

  const std::vector<Entry>& entries_;
};

}  // namespace

std::vector<Entry> effective_entries(const std::vector<Entry>& entries, Problems& problems) {
  const bool has_alpha = std::any_of(entries.begin(), entries.end(),
                                     [](const Entry& entry) { return entry.is_alpha; });
  if (!has_alpha) return entries;
  const Judge judge(entries);
  std::vector<Entry> out;
  for (const auto& entry : entries) {
    if (judge.counts(entry, problems)) out.push_back(entry);
  }
  return out;
}

}  // namespace gatelet::config
