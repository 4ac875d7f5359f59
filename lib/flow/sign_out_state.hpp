// What a browser keeps while it signs out at the provider: the state it must bring back, and where
// it goes then. Encrypted and signed in a cookie of its own, NAME_sign_out, for five minutes.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/context.hpp"

namespace gatelet::flow {

constexpr std::chrono::seconds sign_out_state_expire{5 * 60};

struct SignOutState {
  std::string state;      // base64url of 32 random bytes
  std::string return_to;  // judged by whoever wrote it, and to be judged again
};

// A new state and the Set-Cookie value that keeps it.
struct WrittenSignOutState {
  std::string state;
  std::string set_cookie;
};
//   Failure: Status::no_entropy or internal; also when return_to is too long for a cookie.
Result<WrittenSignOutState> write_sign_out_state(const Context&, std::string_view return_to,
                                                 std::string_view host, Instant now);

// The state that came back with the request's cookies.
//   Failure: Status::state_missing: no such cookie, or none that is ours and young enough.
Result<SignOutState> open_sign_out_state(const Context&, std::span<const HeaderView> headers,
                                         Instant now);

// The Set-Cookie value that expires the cookie.
std::string clear_sign_out_state(const Context&, std::string_view host);

}  // namespace gatelet::flow
