// The login-state cookie under real keys. The first byte chooses: a Cookie field as it is (nothing
// opens but what this target sealed), or a record that we seal around the input (what opens has a
// state nonce and reads the same when written again). Names and expiries stay legal for any state.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/cookie.hpp"
#include "require.hpp"
#include "session/login_state.hpp"
#include "session/signed_value.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::int64_t begin = 1767225600;
constexpr std::string_view hashed = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

SessionSettings settings() {
  SessionSettings settings;
  settings.cookie_name = "n";
  settings.format = CookieFormat::oauth2_proxy;
  settings.login_state_limit = 2;
  return settings;
}

const CookieKeys& keys() {
  static const auto made = CookieKeys::make(Secret("0123456789!bcdef")).value();
  return *made;
}

std::vector<std::string> write(const oidc::LoginState& state, std::string_view hashed_state,
                               std::span<const HeaderView> headers) {
  support::SeededEntropy entropy;
  return write_login_state(settings(), keys(), state, hashed_state, "app.example", headers, false,
                           at_unix(begin), entropy)
      .value();
}

Result<oidc::LoginState> open(std::string_view pair) {
  const HeaderView header{"Cookie", pair};
  return open_login_state(settings(), keys(), hashed, {&header, 1}, at_unix(begin + 1));
}

std::string good_pair() {
  oidc::LoginState state;
  state.state_nonce = Secret("the nonce of this target");
  const auto line = write(state, hashed, {}).front();
  return line.substr(0, line.find(';'));
}

void check_field(std::string_view text) {
  static const auto good = good_pair();
  std::string field;
  for (const char c : text) {
    if (c == '\x01')
      field += good;
    else
      field.push_back(c);
  }
  const HeaderView header{"Cookie", field};
  const auto opened = open(field);
  if (opened.ok()) {
    require(field.find(good) != std::string::npos);
    require(opened->state_nonce == Secret("the nonce of this target"));
  } else {
    require(opened.error().status == Status::state_missing);
  }

  const auto lines = write(oidc::LoginState(), "zyxwvuts", {&header, 1});
  require(lines.size() <= 65);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    require(lines[i].starts_with("n_") &&
            lines[i].ends_with("_csrf=; Path=/; Max-Age=0; HttpOnly; Secure"));
    require(!lines[i].starts_with("n_zyxwvuts_"));
  }
}

void check_record(std::string_view record) {
  support::SeededEntropy entropy;
  const auto sealed = keys().cipher().encrypt(record, entropy).value();
  const auto name = login_state_name(settings(), hashed);
  const auto opened = open(name + "=" + write_signed(keys().mac(), name, sealed, begin).value());
  if (!opened.ok()) return;
  require(!opened->state_nonce.empty());
  const auto line = write(*opened, hashed, {}).front();
  const auto again = open(line.substr(0, line.find(';')));
  require(again.ok());
  require(again->state_nonce == opened->state_nonce && again->oidc_nonce == opened->oidc_nonce &&
          again->code_verifier == opened->code_verifier &&
          again->provider_id == opened->provider_id);
}

void check_name(std::string_view state) {
  const auto name = login_state_name(settings(), state);
  require(http::is_cookie_name(name) && name.size() <= 16);
  require(clear_login_state(settings(), state, "app.example", false) ==
          name + "=; Path=/; Max-Age=0; HttpOnly; Secure");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1,
                               std::min<std::size_t>(size - 1, 4096));
  check_name(input);
  if (data[0] % 2 == 0)
    check_field(input);
  else
    check_record(input);
  return 0;
}
