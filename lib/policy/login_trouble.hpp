// Why a callback's login-state cookie is not there or is no good, as far as the request shows it:
// the likely cause, for the person in plain words and for the operator with the option to look at.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "policy/policy.hpp"
#include "policy/request_facts.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::policy {

struct LoginTrouble {
  std::string message;  // for the page; empty: what it says anyway
  std::string detail;   // for logs
};

// What is known of the attempt besides the request.
struct LostAttempt {
  std::string_view cookie_name;
  std::string_view return_to;  // of the state parameter, as it came
  bool form_post = false;      // the answer was asked for as a form
  bool was_used = false;       // the cookie is good: the answer came once before
};

LoginTrouble login_trouble(const Policy&, const session::SessionSettings&, const RequestFacts&,
                           const LostAttempt&, Instant now);

}  // namespace gatelet::policy
