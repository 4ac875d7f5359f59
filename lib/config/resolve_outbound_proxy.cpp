#include "config/resolve_outbound_proxy.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/range.hpp"

namespace gatelet::config {
namespace {

struct Variable {
  std::string name;
  std::string_view value;  // views the settings
};

// An empty variable is none, as for Go.
std::optional<Variable> find_variable(const Settings& settings, std::string_view upper,
                                      std::string_view lower) {
  for (const auto name : {upper, lower}) {
    const auto* value = settings.variable(name);
    if (value && !value->empty()) return Variable{std::string(name), value->reveal()};
  }
  return std::nullopt;
}

std::optional<http::ProxyServer> server_named(const std::optional<Variable>& variable,
                                              Problems& problems) {
  if (!variable) return std::nullopt;
  auto server = http::parse_proxy(variable->value);
  if (server.ok()) return std::move(server).value();
  problems.add_first({Status::invalid_value, variable->name + ": " + server.error().text +
                                                 "; or set outbound_proxy, which wins"});
  return std::nullopt;
}

void use_environment(const Settings& settings, http::OutboundProxy& out, Problems& problems) {
  out.for_https = server_named(find_variable(settings, "HTTPS_PROXY", "https_proxy"), problems);
  const bool is_cgi = find_variable(settings, "REQUEST_METHOD", {}).has_value();
  out.for_http = server_named(
      find_variable(settings, is_cgi ? std::string_view() : "HTTP_PROXY", "http_proxy"), problems);
}

void use_option(const EngineValues& engine, http::OutboundProxy& out, Problems& problems) {
  const auto text = engine.outbound_proxy->reveal();
  if (text == "-") return;
  auto server = http::parse_proxy(text);
  if (!server.ok()) return problems.add(Row::outbound_proxy, server.error().text);
  out.for_https = out.for_http = std::move(server).value();
}

http::DirectHosts direct_hosts(const Settings& settings, const EngineValues& engine,
                               Problems& problems) {
  http::DirectHosts out;
  for (const auto& entry : *engine.outbound_no_proxy) {
    if (out.add(entry)) continue;
    problems.add(Row::outbound_no_proxy,
                 shown(entry) +
                     " is no host; write a name, .name, an address, each with or "
                     "without :port, a network, or *");
  }
  if (engine.outbound_no_proxy.given) return out;
  const auto variable = find_variable(settings, "NO_PROXY", "no_proxy");
  if (!variable) return out;
  for (auto rest = variable->value; !rest.empty();) {
    const auto comma = rest.find(',');
    out.add(rest.substr(0, comma));  // what is no host is passed over, as everywhere
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return out;
}

std::string notice_of(const http::OutboundProxy& proxy) {
  const auto& https = proxy.for_https;
  const auto& http = proxy.for_http;
  std::string text = "calls to providers go through a proxy: ";
  if (https) text += https->url() + (https == http ? "" : " for https");
  if (http && https != http) text += (https ? ", " : "") + http->url() + " for plain http";
  return text;
}

}  // namespace

http::OutboundProxy resolve_outbound_proxy(const Settings& settings, const EngineValues& engine,
                                           Problems& problems, std::vector<Notice>& notices) {
  http::OutboundProxy out;
  if (engine.outbound_proxy.given) {
    use_option(engine, out, problems);
  } else {
    use_environment(settings, out, problems);
  }
  out.direct = direct_hosts(settings, engine, problems);
  if (out.for_https || out.for_http) notices.push_back({"outbound-proxy", notice_of(out)});
  return out;
}

}  // namespace gatelet::config
