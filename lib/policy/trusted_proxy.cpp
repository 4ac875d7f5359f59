#include "policy/trusted_proxy.hpp"

#include <optional>

#include "http/forwarded.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"
#include "http/path.hpp"

namespace gatelet::policy {
namespace {

Error refuse(std::string text) { return Error{Status::bad_request, std::move(text)}; }

// A Host field beside request.host must be the same: two hosts leave open which one is meant.
bool hosts_agree(const RequestView& request) noexcept {
  const auto* field = http::find_header(request.headers, "Host");
  return field == nullptr || http::equal_ignoring_case(field->value, request.host);
}

void take(std::string_view& fact, const std::optional<std::string_view>& forwarded) noexcept {
  if (forwarded) fact = *forwarded;
}

}  // namespace

bool is_trusted_proxy(const ForwardedPolicy& policy, std::string_view peer) noexcept {
  if (!policy.reverse_proxy || policy.trusted_proxies.empty()) return false;
  const auto address = http::parse_ip(peer);
  return address && http::contains(policy.trusted_proxies, *address);
}

Result<RequestFacts> settle_request(const RequestView& request, const Policy& policy) {
  auto checked = http::check_headers(request.headers);
  if (!checked.ok()) return std::move(checked).error();
  if (!http::is_token(request.method)) return refuse("the method is no token");
  if (request.scheme != "http" && request.scheme != "https") {
    return refuse("the scheme is neither http nor https");
  }
  if (!http::is_host(request.host)) return refuse("the host is no host");
  if (!hosts_agree(request)) return refuse("the request names two hosts");
  const auto target = http::parse_target(request.target);
  if (!target.ok()) return target.error();

  RequestFacts facts;
  facts.method = request.method;
  facts.scheme = request.scheme;
  facts.host = request.host;
  facts.path = facts.own_path = target->path;
  facts.query = facts.own_query = target->query;
  facts.target = request.target;
  facts.peer = request.peer;
  facts.headers = request.headers;
  facts.request = &request;
  facts.via_trusted_proxy = is_trusted_proxy(policy.forwarded, request.peer);
  if (!facts.via_trusted_proxy) return facts;

  // Rules go by method and path: where the proxy's word for them cannot be read, no other will do.
  const auto method = http::forwarded_method(request.headers);
  const auto uri = http::forwarded_uri(request.headers);
  if (!method && http::find_header(request.headers, "X-Forwarded-Method") != nullptr) {
    return refuse("X-Forwarded-Method holds no method, or several");
  }
  if (!uri && http::find_header(request.headers, "X-Forwarded-Uri") != nullptr) {
    return refuse("X-Forwarded-Uri holds no path with a query, or several");
  }
  take(facts.method, method);
  take(facts.scheme, http::forwarded_proto(request.headers));
  take(facts.host, http::forwarded_host(request.headers));
  if (uri) {
    const auto forwarded = http::parse_target(*uri);
    if (!forwarded.ok()) return forwarded.error();
    facts.path = forwarded->path;
    facts.query = forwarded->query;
    facts.target = *uri;
  }
  return facts;
}

}  // namespace gatelet::policy
