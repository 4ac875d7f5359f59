// The pages gatelet shows of its own accord, and their JSON counterparts.
//
// HTML without any outside asset, which works without script; the Content-Security-Policy allows
// the one inline style, and where a sign-in starts one short script (page_script.hpp), by their
// hashes and nothing else. Every text is escaped and capped in length. An operator's templates
// (page_templates.hpp) stand in for the sign-in and the error pages. A request that wants_json()
// gets JSON of the same status.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// What somebody typed into the form for user and password, and how it was taken.
struct FormFacts {
  std::string_view user, return_to;
  Reason reason = Reason::sign_in_page;  // password_wrong, bad_request; else nothing was typed yet
};

// What a page tells beside its message.
struct PageFacts {
  const RequestFacts* facts = nullptr;  // null: HTML
  std::string retry_url;  // where "Try again" leads: a path, or http(s); empty or else: no button
  std::string_view request_id;  // for the operator; empty: not shown
  std::string return_to;  // where a sign-in leads; empty: the request's own wish (return_to.hpp)
  FormFacts form;         // of the sign-in page
  std::string_view error_text;  // of the library; shown only with show_debug_on_error
  std::string_view detail;      // for logs: more than the reason says, see Decision::detail
  Instant arrived{};            // where there are no facts
  bool at_application = false;  // the page stands at the URL that was asked for, fragment included
};

// One way to sign in. Its button leads to PREFIX/start, with the id when there are several.
struct ProviderButton {
  std::string id;
  std::string name;  // "Sign in with <name>"; empty: "Sign in"
};

// An answer other than the application's: what went wrong in plain words, a request id and a way
// on. `message` is one or two sentences for people, never a library's text; empty: what the
// page says for its reason anyway (in JSON the reason's sentence).
Decision error_page(const Policy&, const PageFacts&, int http_status, Reason,
                    std::string_view message, std::span<const std::string> set_cookies = {});

// The answer for nobody where no sign-in is started: 401, as JSON or a page with a way to sign in.
Decision unauthorized(const Policy&, const PageFacts&, Reason,
                      std::span<const std::string> set_cookies = {});

// The page that starts a sign-in: 200 as PREFIX/sign_in, 403 in place of the application.
Decision sign_in_page(const Policy&, const PageFacts&, int http_status,
                      std::span<const ProviderButton> providers,
                      std::span<const std::string> set_cookies = {});

// Asks whether to sign out, with a button that POSTs to PREFIX/sign_out. return_to travels as `rd`
// in its query.
Decision sign_out_question(const Policy&, const PageFacts&,
                           std::span<const std::string> set_cookies = {});

Decision robots();  // /robots.txt: 200, disallow all
Decision pong();    // ping_path: 200, OK
Decision ready();   // ready_path: 200, OK

// The Content-Security-Policy source of the pages' one style element: 'sha256-...'.
std::string_view style_source() noexcept;
std::string_view style_text() noexcept;

}  // namespace gatelet::policy
