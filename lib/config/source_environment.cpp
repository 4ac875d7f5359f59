#include "config/source_environment.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "http/ascii.hpp"

namespace gatelet::config {
namespace {

constexpr std::string_view ours = "GATELET_";
constexpr std::string_view reference = "OAUTH2_PROXY_";

// Ours wins over the reference's; of two that are the same, the first, as for getenv.
void add(std::string_view prefix, std::string_view name, std::string_view value,
         std::vector<Variable>& out) {
  auto key = http::lower(name.substr(prefix.size()));
  const auto before =
      std::find_if(out.begin(), out.end(), [&](const auto& one) { return one.entry.key == key; });
  Variable variable{{std::move(key), {Secret(value)}, false, Settings::Origin::environment},
                    std::string(name)};
  if (before == out.end()) {
    out.push_back(std::move(variable));
  } else if (prefix == ours && before->name.starts_with(reference)) {
    *before = std::move(variable);
  }
}

// "port_80_tcp", "port_80_tcp_addr" ..., behind whatever name the service has.
bool is_port_name(std::string_view key) noexcept {
  constexpr std::string_view port = "port_";
  const auto at = key.rfind(port, key.find_last_of("0123456789"));
  if (at == std::string_view::npos || (at != 0 && key[at - 1] != '_')) return false;
  key.remove_prefix(at + port.size());
  const auto end = std::min(key.find_first_not_of("0123456789"), key.size());
  const auto protocol = key.substr(end);
  return end != 0 && (protocol.starts_with("_tcp") || protocol.starts_with("_udp") ||
                      protocol.starts_with("_sctp"));
}

bool ends_with_word(std::string_view key, std::string_view word) noexcept {
  return key.ends_with(word) &&
         (key.size() == word.size() || key[key.size() - word.size() - 1] == '_');
}

}  // namespace

std::vector<Variable> read_environment(const char* const* variables) {
  std::vector<Variable> out;
  for (; *variables != nullptr; ++variables) {
    const std::string_view text = *variables;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals + 1 == text.size()) continue;
    const auto name = text.substr(0, equals);
    for (const auto prefix : {ours, reference}) {
      if (name.size() > prefix.size() && name.starts_with(prefix)) {
        add(prefix, name, text.substr(equals + 1), out);
      }
    }
  }
  return out;
}

bool is_from_kubernetes(const Settings::Entry& entry) noexcept {
  const std::string_view key = entry.key, value = entry.values.front().reveal();
  if (ends_with_word(key, "service_host") || ends_with_word(key, "service_port")) return true;
  if (ends_with_word(key, "port") && value.find("://") != std::string_view::npos) return true;
  const auto at = key.find("service_port_");  // the named ports of a service
  return at == 0 || (at != std::string_view::npos && key[at - 1] == '_') || is_port_name(key);
}

}  // namespace gatelet::config
