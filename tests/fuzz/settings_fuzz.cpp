// Settings: any keys and values. check() ends, tells every problem in one printable line and no
// secret; what has no problem means the same when it is written out and set again.
//
// The input is lines `key=value`; a key may be `#n`, the option of row n.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gatelet/settings.hpp>

#include "config/options.hpp"
#include "config/resolve.hpp"
#include "config/value.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

constexpr std::string_view canary = "canary-7f3a91";

std::string key_of(std::string_view text) {
  if (!text.starts_with('#')) return std::string(text);
  const auto row = config::parse_integer(text.substr(1)).value_or(0);
  const auto all = config::options();
  return std::string(all[static_cast<std::size_t>(row & 0x7fff) % all.size()].key);
}

Settings read(std::string_view text) {
  Settings settings{{"client_id", "app"}, {"cookie_secret", "abcdefghijklmnop"}};
  (void)settings.set("oidc_issuer_url", "https://idp.example").ok();
  (void)settings.set("client_secret", canary).ok();
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = key_of(line.substr(0, equals));
    const auto done = settings.set(key, line.substr(equals + 1));
    require(done.ok() || done.error().text.size() < 400);
  }
  return settings;
}

void require_fit_to_print(const std::vector<Error>& errors, bool may_hold_canary) {
  for (const auto& error : errors) {
    for (const char c : error.text) require(c >= ' ' && c <= '~');
    require(error.text.size() < 600);
    require(may_hold_canary || error.text.find(canary) == std::string::npos);
  }
}

Settings written_again(const Settings& settings) {
  Settings again;
  for (const auto& entry : settings.entries()) {
    require(entry.values.size() == 1);
    require(again.set(entry.key, entry.values.front().reveal()).ok());
  }
  return again;
}

void require_same(const config::Resolved& a, const config::Resolved& b) {
  require(a.warnings == b.warnings);
  require(a.cookie_secret == b.cookie_secret);
  require(a.session.cookie_name == b.session.cookie_name);
  require(a.session.cookie_expire == b.session.cookie_expire);
  require(a.session.login_state_limit == b.session.login_state_limit);
  require(a.policy.allowed_groups == b.policy.allowed_groups);
  require(a.policy.email.domains == b.policy.email.domains);
  require(a.providers.size() == b.providers.size());
  for (std::size_t i = 0; i < a.providers.size(); ++i) {
    require(a.providers[i].provider == b.providers[i].provider);
    require(a.providers[i].trust == b.providers[i].trust);
  }
}

// What no accepted configuration may lack, however it was written.
void require_safe(const config::Resolved& accepted) {
  require(!accepted.policy.forwarded.reverse_proxy ||
          !accepted.policy.forwarded.trusted_proxies.empty());
  require(!accepted.cookie_secret.empty() || !accepted.cookie_secret_file.empty());
  require(accepted.http_timeout > Duration{});
  require(accepted.max_operations > 0);
  for (const auto& from : accepted.providers) {
    require(!from.provider.issuer.empty());
    require(!from.provider.client.id.empty());
    require(!from.provider.audience_claims.empty());
    require(from.trust.allow_http || !from.provider.issuer.starts_with("http:"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = read(text);
  const auto errors = settings.check();
  require_fit_to_print(errors, text.find(canary) != std::string_view::npos);

  const auto resolved = config::resolve(settings);
  require(resolved.problems.empty() == errors.empty());
  if (!errors.empty()) return 0;
  require_safe(resolved);
  require_same(resolved, config::resolve(written_again(settings)));
  return 0;
}
