#include "config/warnings.hpp"

#include <string_view>

#include "config/resolve_provider.hpp"
#include "http/ip.hpp"
#include "http/redis_url.hpp"

namespace gatelet::config {
namespace {

constexpr bool is_insecure(std::string_view key) noexcept {
  return key.find("insecure") != std::string_view::npos;
}

void note(const ProviderName& provider, Row row, bool is_on, std::vector<std::string>& out) {
  if (!is_on) return;
  out.push_back(full_key(row, provider) + " is on: " + std::string(option(row).sentence));
}

// Rows that are no switch have nothing to say.
template <class T>
void note_switch(const ProviderName&, Row, const T&, std::vector<std::string>&) {}
void note_switch(const ProviderName& provider, Row row, const bool& is_on,
                 std::vector<std::string>& out) {
  if (is_insecure(option(row).key)) note(provider, row, is_on, out);
}

#define GATELET_PROVIDER_engine(key)
#define GATELET_PROVIDER_server(key)
#define GATELET_PROVIDER_upstream(key)
#define GATELET_PROVIDER_provider(key) note_switch(p.name, Row::key, *p.key, out);

void note_provider(const ProviderValues& p, std::vector<std::string>& out) {
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_PROVIDER_##scope(key)
#include "config/options.def"
#undef OPTION
}

#define GATELET_ENGINE_engine(key) note_switch({}, Row::key, *engine.key, out);
#define GATELET_ENGINE_server(key)
#define GATELET_ENGINE_upstream(key)
#define GATELET_ENGINE_provider(key)

void note_engine(const EngineValues& engine, std::vector<std::string>& out) {
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_ENGINE_##scope(key)
#include "config/options.def"
#undef OPTION
}

bool covers_everybody(std::string_view range) noexcept {
  const auto parsed = http::parse_ip_range(range);
  const auto v4 = http::parse_ip("255.255.255.255"), v6 = http::parse_ip("ffff::");
  return parsed && ((v4 && parsed->contains(*v4) && parsed->prefix_bits <= 96) ||
                    (v6 && parsed->contains(*v6) && parsed->prefix_bits == 0));
}

// The other way to say redis_insecure_skip_tls_verify.
void note_redis_urls(const EngineValues& engine, std::vector<std::string>& out) {
  const auto note_url = [&out](Row row, const Secret& text) {
    const auto url = http::parse_redis_url(text.reveal());
    if (!url.ok() || !url->skip_verify) return;
    out.push_back(std::string(option(row).key) +
                  " has skip_verify=true: whoever stands in between may be the session store");
  };
  if (engine.redis_connection_url.given) {
    note_url(Row::redis_connection_url, *engine.redis_connection_url);
  }
  for (const auto& one : engine.redis_sentinel_connection_urls->items) {
    note_url(Row::redis_sentinel_connection_urls, one);
  }
  for (const auto& one : engine.redis_cluster_connection_urls->items) {
    note_url(Row::redis_cluster_connection_urls, one);
  }
}

std::string given(const std::vector<Settings::Entry>& entries, Scope scope) {
  std::string out;
  for (const auto& option : options()) {
    if (option.scope != scope || find_entry(entries, option.key) == nullptr) continue;
    out += (out.empty() ? "" : ", ") + std::string(option.key);
  }
  return out;
}

}  // namespace

std::vector<Notice> notices(const std::vector<Settings::Entry>& entries) {
  std::vector<Notice> out;
  if (const auto keys = given(entries, Scope::server); !keys.empty()) {
    out.push_back({"server-options",
                   keys + ": up to the server around the library, which may ask for the values"});
  }
  if (const auto keys = given(entries, Scope::upstream); !keys.empty()) {
    out.push_back({"upstream-options",
                   keys + ": no effect, gatelet forwards no requests; your server does that, or "
                          "nginx, Traefik or Caddy in front of it"});
  }
  return out;
}

std::vector<std::string> insecure_settings(const Values& values) {
  std::vector<std::string> out;
  for (auto provider : values.providers) {
    // Plain http counts where it has an effect: compat allows it, and few configurations use it.
    auto& http = provider.insecure_allow_http_provider;
    http.value = resolve_provider(values, provider, {}).trust.allow_http;
    note_provider(provider, out);
  }
  note_engine(values.engine, out);
  note_redis_urls(values.engine, out);
  note({}, Row::show_debug_on_error, *values.engine.show_debug_on_error, out);
  for (const auto& range : *values.engine.trusted_proxy_ips) {
    if (!covers_everybody(range)) continue;
    out.push_back("trusted_proxy_ips has " + range + ": everybody may speak for others");
  }
  for (const auto& range : *values.engine.trusted_ips) {
    if (!covers_everybody(range)) continue;
    out.push_back("trusted_ips has " + range + ": nobody needs to sign in");
  }
  return out;
}

}  // namespace gatelet::config
