// The authorization response: a code comes out only of an answer whose state is this attempt's,
// whose iss is the provider's, and in which no protocol parameter stands twice.
//
// Input: one byte of choices, then a query.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "http/form.hpp"
#include "oidc/callback.hpp"
#include "require.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;

namespace {

// The state nonce is "abc" throughout, so that a corpus can hold good answers.
constexpr std::string_view expected_hash = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

void check_state(std::string_view text, bool encoded) {
  const auto state = parse_state(text, encoded);
  if (!state.ok()) {
    require(state.error().status == Status::bad_callback);
    return;
  }
  require(!state->hashed_state.empty() && state->hashed_state.size() <= 64);
  require(make_state(state->hashed_state, state->return_to, encoded) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool encoded = (data[0] & 1) != 0;
  auto provider = support::provider();
  provider.announces_issuer_in_response = (data[0] & 2) != 0;
  LoginState attempt;
  attempt.state_nonce = Secret((data[0] & 4) != 0 ? "abd" : "abc");

  const std::string_view query(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_state(query, encoded);
  const auto params = http::parse_form(query);
  if (!params.ok()) return 0;

  const auto checked = check_callback(provider, *params, attempt, encoded);
  if (!checked.ok()) {
    require(status_class(checked.error().status) == StatusClass::peer);
    require(status_http(checked.error().status) == 400 ||
            status_http(checked.error().status) == 403);
    for (const char c : checked.error().text) require(c >= ' ' && c <= '~' && c != '<');
    return 0;
  }
  require(check_callback_shape(*params).ok());
  require((data[0] & 4) == 0);
  for (const auto* name : {"code", "state"}) require(http::count(*params, name) == 1);
  for (const auto* name : {"error", "id_token", "access_token", "response"}) {
    require(http::count(*params, name) == 0);
  }
  require(http::count(*params, "iss") <= 1);
  if (const auto* issuer = http::find(*params, "iss")) require(*issuer == "https://idp.example");
  if (provider.announces_issuer_in_response) require(http::count(*params, "iss") == 1);

  auto state = *http::find(*params, "state");
  if (encoded) state = base64url::decode(state).value();
  require(state.starts_with(std::string(expected_hash) + ":"));
  require(!checked->code().empty() && checked->code().reveal() == *http::find(*params, "code"));
  return 0;
}
