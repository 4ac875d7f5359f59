#include "oidc/end_session.hpp"

#include <utility>

#include "base/base64url.hpp"
#include "base/constant_time.hpp"
#include "http/url.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::size_t state_size = 32;  // bytes

}  // namespace

Result<std::string> end_session_url(const Provider& provider, const Secret& id_token_hint,
                                    std::string_view post_logout_redirect_uri,
                                    std::string_view state) {
  const auto& endpoint = provider.endpoints.end_session;
  if (!http::parse_url(endpoint).ok()) {
    return Error{Status::internal, "the end_session endpoint is no URL"};
  }
  http::Form form;
  form.add("client_id", provider.client.id);
  if (!post_logout_redirect_uri.empty()) {
    form.add("post_logout_redirect_uri", post_logout_redirect_uri);
    if (!state.empty()) form.add("state", state);
  }
  auto url = http::with_query(endpoint, form.text());
  if (id_token_hint.empty()) return url;

  form.add("id_token_hint", id_token_hint.reveal());
  auto with_hint = http::with_query(endpoint, form.text());
  return with_hint.size() <= max_end_session_url_size ? std::move(with_hint) : std::move(url);
}

bool is_logout_state(std::string_view text) noexcept {
  if (text.size() != base64url::encoded_size(state_size, base64url::Padding::none)) return false;
  char bytes[base64url::max_decoded_size(
      base64url::encoded_size(state_size, base64url::Padding::none))];
  return base64url::decode_into(text, bytes, base64url::Padding::none) == state_size;
}

Result<void> check_end_session_return(const http::Params& params, std::string_view sent_state) {
  const auto* state = http::find(params, "state");
  const bool is_ours = is_logout_state(sent_state) && http::count(params, "state") == 1 &&
                       equal_constant_time(*state, sent_state);
  if (is_ours) return {};
  return Error{Status::state_mismatch, "the state is not the one this sign-out sent"};
}

}  // namespace gatelet::oidc
