#include "oidc/authorize.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/base64url.hpp"
#include "http/header.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::string_view reserved_parameters[] = {
    "client_id",   "redirect_uri", "response_type",  "response_mode",
    "scope",       "state",        "nonce",          "resource",
    "request",     "request_uri",  "code_challenge", "code_challenge_method",
    "registration"};

// Parameters as views, sorted by name; of one name in the order they came.
class Query {
 public:
  explicit Query(std::size_t expected) { pairs_.reserve(expected); }

  void add(std::string_view name, std::string_view value) {
    const auto later = std::upper_bound(
        pairs_.begin(), pairs_.end(), name,
        [](std::string_view wanted, const Pair& one) { return wanted < one.name; });
    pairs_.insert(later, {name, value});
    size_ += name.size() + 3 * value.size() + 2;
  }

  // Those of `from` that may be set by others than us. A name set by `first` or `second` is theirs.
  void add_free(const http::Params& from, const http::Params* first = nullptr,
                const http::Params* second = nullptr) {
    for (const auto& [name, value] : from) {
      if (is_reserved_parameter(name) || (first && http::find(*first, name)) ||
          (second && http::find(*second, name)))
        continue;
      add(name, value);
    }
  }

  std::string text_after(std::string_view url) const {
    std::string out;
    out.reserve(url.size() + 1 + size_);
    out.append(url);
    char separator = '?';
    for (const auto& [name, value] : pairs_) {
      out += std::exchange(separator, '&');
      http::form_encode(name, out);
      out += '=';
      http::form_encode(value, out);
    }
    return out;
  }

 private:
  struct Pair {
    std::string_view name, value;
  };
  std::vector<Pair> pairs_;
  std::size_t size_ = 0;  // most that they take, were each value escaped throughout
};

void add_protocol(const Provider& provider, const AuthorizationRequest& request, Query& query) {
  query.add("client_id", provider.client.id);
  query.add("redirect_uri", request.redirect_uri);
  query.add("response_type", "code");
  query.add("scope", provider.scope);
  query.add("state", request.state);
  if (provider.use_nonce && !request.hashed_nonce.empty()) {
    query.add("nonce", request.hashed_nonce);
  }
  if (provider.pkce != Pkce::off && !request.code_challenge.empty()) {
    query.add("code_challenge", request.code_challenge);
    query.add("code_challenge_method", provider.pkce == Pkce::s256 ? "S256" : "plain");
  }
  if (provider.send_response_mode || provider.response_mode == ResponseMode::form_post) {
    query.add("response_mode",
              provider.response_mode == ResponseMode::form_post ? "form_post" : "query");
  }
  for (const auto& resource : provider.resource) query.add("resource", resource);
}

bool is_http_url(std::string_view text) noexcept {
  const auto scheme = text.substr(0, text.find("://"));
  return scheme.size() + 3 < text.size() &&
         (http::equal_ignoring_case(scheme, "https") || http::equal_ignoring_case(scheme, "http"));
}

}  // namespace

Result<std::string> pkce_challenge(const crypto::Sha256& sha256, Pkce method,
                                   const Secret& verifier) {
  switch (method) {
    case Pkce::off: return std::string();
    case Pkce::plain: return std::string(verifier.reveal());
    case Pkce::s256: break;
  }
  const auto digest = sha256(verifier.reveal());
  if (!digest.ok()) return digest.error();
  return base64url::encode({digest->data(), digest->size()});
}

bool is_reserved_parameter(std::string_view name) noexcept {
  return std::find(std::begin(reserved_parameters), std::end(reserved_parameters), name) !=
         std::end(reserved_parameters);
}

Result<std::string> authorization_url(const Provider& provider,
                                      const AuthorizationRequest& request) {
  const std::string_view endpoint = provider.endpoints.authorization;
  if (!is_http_url(endpoint))
    return Error{Status::internal, "the authorization endpoint is no URL"};
  const auto mark = endpoint.find('?');
  http::Params own;
  if (mark != std::string_view::npos) {
    auto params = http::parse_form(endpoint.substr(mark + 1));
    if (!params.ok())
      return Error{Status::internal, "the authorization endpoint has a broken query"};
    own = std::move(*params);
  }

  constexpr std::size_t most_of_ours = 10;
  Query query(own.size() + provider.login_params.size() + request.extra.size() +
              provider.resource.size() + most_of_ours);
  query.add_free(own, &provider.login_params, &request.extra);
  query.add_free(provider.login_params, &request.extra);
  query.add_free(request.extra);
  add_protocol(provider, request, query);
  return query.text_after(endpoint.substr(0, mark));
}

}  // namespace gatelet::oidc
