// The paths that are gatelet's own, below proxy_prefix and beside it, and the URLs that lead there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

enum class Endpoint : std::uint8_t {
  none,  // the application's
  sign_in,
  start,
  callback,
  sign_out,
  signed_out,
  userinfo,
  auth,
  robots,
  ping,
  ready,
};

struct EndpointMatch {
  Endpoint endpoint = Endpoint::none;
  std::string_view provider_id;  // of PREFIX/callback/<id>; views the path
};

// Which endpoint a path is; byte-exact, on the path as sent (RequestFacts::own_path): an encoded
// spelling belongs to the application. With several providers only PREFIX/callback/<id> names one;
// the bare callback is then the endpoint with an empty id, which belongs to no provider.
EndpointMatch match_endpoint(const Policy&, std::string_view path, bool several_providers) noexcept;

// As match_endpoint for a request's own target. A health check is one only for ping_user_agent,
// where that is set: anybody else asks the application.
EndpointMatch match_request(const Policy&, const RequestFacts&, bool several_providers) noexcept;

// "/oauth2/sign_in" for "sign_in".
std::string endpoint_path(const Policy&, std::string_view name);

// PREFIX/start with `rd` and `provider` where they are not empty.
std::string start_url(const Policy&, std::string_view provider_id, std::string_view return_to);

// The redirect_uri of a sign-in: redirect_url as configured, or the callback's path with
// relative_redirect_url, or the callback at the request's origin, which is https whenever cookies
// are secure. With several providers "/" and the provider's id follow.
std::string redirect_uri(const Policy&, const RequestFacts&, std::string_view provider_id,
                         bool several_providers);

// Whether a redirect_uri may be derived from this request's host: it is inside one of
// `cookie_domains` or matches whitelist_domains, where either is set. True when redirect_url is
// configured, which needs no host, or nothing is set.
bool is_expected_host(const Policy&, const RequestFacts&,
                      std::span<const std::string> cookie_domains) noexcept;

}  // namespace gatelet::policy
