#include "policy/log_lines.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "policy/answer.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using namespace gatelet::policy;

namespace {

// The reference's own formats: options.def.
constexpr std::string_view request_format =
    "{{.Client}} - {{.RequestID}} - {{.Username}} [{{.Timestamp}}] {{.Host}} {{.RequestMethod}} "
    "{{.Upstream}} {{.RequestURI}} {{.Protocol}} {{.UserAgent}} {{.StatusCode}} {{.ResponseSize}} "
    "{{.RequestDuration}}";
constexpr std::string_view auth_format =
    "{{.Client}} - {{.RequestID}} - {{.Username}} [{{.Timestamp}}] [{{.Status}}] {{.Message}}";

std::shared_ptr<const http::Template> format(std::string_view text,
                                             std::span<const http::TemplateField> fields) {
  auto made = http::Template::line(text, fields);
  REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().text));
  return std::make_shared<const http::Template>(std::move(made).value());
}

Policy logging_policy() {
  Policy policy;
  policy.logging.request_format = format(request_format, request_log_fields());
  policy.logging.auth_format = format(auth_format, auth_log_fields());
  policy.logging.standard_format =
      format("[{{.Timestamp}}] [{{.File}}] {{.Message}}", standard_log_fields());
  return policy;
}

Decision decided(Reason reason, std::string_view detail = {}, std::string_view email = {}) {
  auto answer = Answer::own(302, reason);
  answer.detail(detail);
  if (!email.empty()) {
    auto session = std::make_shared<session::Session>();
    session->email = email;
    answer.identity(std::move(session));
  }
  auto decision = std::move(answer).finish();
  decision.name_request("4f1d");
  return decision;
}

constexpr auto noon = at_unix(1772323199);  // 2026-02-28 23:59:59

std::string line_for(const Policy& policy, const support::RequestOf& request,
                     const Decision& decision = decided(Reason::session), Served served = {}) {
  const auto facts = request.facts();
  return request_line(policy, *facts.request, &facts, decision, served, noon);
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("policy/log_lines") {
  TEST_CASE("F-140: request_line: the reference's default format") {
    const auto request =
        support::request_to("/reports?month=11&token=app", {{"User-Agent", "curl/8 \"x\""}});
    Served served{200, 1234, 1500ms, "HTTP/1.1", "127.0.0.1:8080"};
    CHECK(line_for(logging_policy(), request, decided(Reason::session, {}, "ada@example.com"),
                   served) ==
          "203.0.113.7 - 4f1d - ada@example.com [2026/02/28 23:59:57] app.example.com GET "
          "127.0.0.1:8080 \"/reports?month=11&token=app\" HTTP/1.1 \"curl/8 \\\"x\\\"\" 200 1234 "
          "1.500");
    CHECK(line_for(logging_policy(), support::request_to("/"), Decision(), {}) ==
          "203.0.113.7 -  - - [2026/02/28 23:59:59] app.example.com GET - \"/\" - \"\" 0 0 0.000");
  }

  TEST_CASE("F-140: request_line: what oauth2-proxy 7.15.3 wrote for the same requests") {
    // Its lines, but for the client's port, which hosts do not tell, and what differs on purpose:
    // values of own endpoints' parameters.
    struct Row {
      const char *target, *user_agent, *email, *upstream;
      int http_status;
      std::uint64_t size;
      const char* line;
    };
    const Row rows[] = {
        {"/reports?month=11&a=%22b", "curl/8 \"quoted\" \\ back", "", "", 403, 8523,
         R"(127.0.0.1 - req-1 - - [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/reports?month=11&a=%22b" HTTP/1.1 "curl/8 \"quoted\" \\ back" 403 8523 0.000)"},
        {"/a%20b?c=d", "tab\tend", "", "", 403, 8505,
         R"(127.0.0.1 - req-1 - - [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/a%20b?c=d" HTTP/1.1 "tab\tend" 403 8505 0.000)"},
        {"/robots.txt", "", "", "", 200, 26,
         R"(127.0.0.1 - req-1 - - [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/robots.txt" HTTP/1.1 "" 200 26 0.000)"},
        {"/reports", "curl/8", "alice@example.org", "static://202", 202, 13,
         R"(127.0.0.1 - req-1 - alice@example.org [2026/11/27 12:42:06] 127.0.0.1:34311 GET static://202 "/reports" HTTP/1.1 "curl/8" 202 13 0.000)"},
        {"/oauth2/auth", "curl/8", "alice@example.org", "", 202, 0,
         R"(127.0.0.1 - req-1 - alice@example.org [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/oauth2/auth" HTTP/1.1 "curl/8" 202 0 0.000)"},
        {"/oauth2/start?rd=/reports", "curl/8", "", "", 302, 292,
         R"(127.0.0.1 - req-1 - - [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/oauth2/start?rd=/reports" HTTP/1.1 "curl/8" 302 292 0.000)"},
        {"/oauth2/callback?code=c&state=nonce:/x", "curl/8", "", "", 403, 2702,
         R"(127.0.0.1 - req-1 - - [2026/11/27 12:42:06] 127.0.0.1:34311 GET - "/oauth2/callback?code=***&state=***" HTTP/1.1 "curl/8" 403 2702 0.000)"},
    };
    for (const auto& row : rows) {
      auto request = support::request_to(row.target, {{"User-Agent", row.user_agent}});
      request.peer = "127.0.0.1";
      request.host = "127.0.0.1:34311";
      const auto facts = request.facts();
      auto decision = decided(Reason::session, {}, row.email);
      decision.name_request("req-1");
      CHECK(request_line(logging_policy(), *facts.request, &facts, decision,
                         {row.http_status, row.size, 300us, "HTTP/1.1", row.upstream},
                         at_unix(1795783326) + 300us) == row.line);
    }
  }

  TEST_CASE("request_line: durations have three digits") {
    const auto took = [](Duration duration) {
      Policy policy;
      policy.logging.request_format = format("{{.RequestDuration}}", request_log_fields());
      return line_for(policy, support::request_to("/"), Decision(), {0, 0, duration, {}, {}});
    };
    CHECK(took(1ms) == "0.001");
    CHECK(took(499us) == "0.000");
    CHECK(took(500us) == "0.001");
    CHECK(took(61s + 20ms) == "61.020");
    CHECK(took(-5s) == "0.000");
  }

  TEST_CASE("EN-22: request_line: no request forges a line or a field in quotes") {
    auto request = support::request_to("/a\"\n[AuthSuccess]\x1b", {{"User-Agent", "a\"\r\nb\xff"}});
    request.host = "h\nx";
    request.method = "GET\n";
    const auto line = line_for(logging_policy(), request, decided(Reason::session, {}, "a\n\"b"),
                               {200, 0, {}, "HTTP\n", "u\n"});
    CHECK(line.find_first_of("\r\n\x1b") == std::string::npos);
    CHECK(holds(line, "\"/a\\\"\\n[AuthSuccess]\\x1b\""));
    CHECK(holds(line, "\"a\\\"\\r\\nb\\xff\""));
    CHECK(holds(line, " - a\\n\\\"b ["));
    CHECK(line_for(logging_policy(), support::request_to("/" + std::string(100000, 'a'))).size() <
          3000);
  }

  TEST_CASE("V7: request_line: codes, states and tokens of own endpoints are left out") {
    const auto uri = [](std::string target) {
      Policy policy;
      policy.logging.request_format = format("{{.RequestURI}}", request_log_fields());
      return line_for(policy, support::request_to(std::move(target)));
    };
    CHECK(uri("/oauth2/"
              "callback?code=canary&state=canary&iss=https%3A%2F%2Fidp&session_state=canary") ==
          "\"/oauth2/callback?code=***&state=***&iss=https%3A%2F%2Fidp&session_state=***\"");
    CHECK(uri("/oauth2/callback/corp?error=access_denied&error_description=canary") ==
          "\"/oauth2/callback/corp?error=access_denied&error_description=***\"");
    CHECK(uri("/oauth2/callback?code=canary;state=canary&x") ==
          "\"/oauth2/callback?code=***&state=***&x\"");
    CHECK(uri("/oauth2/start?rd=%2Freports") == "\"/oauth2/start?rd=%2Freports\"");
    CHECK(uri("/oauth2/unknown?id_token=canary") == "\"/oauth2/unknown?id_token=***\"");
    CHECK(uri("/oauth2?code=canary") == "\"/oauth2?code=***\"");
    CHECK(uri("/oauth2x?code=app") == "\"/oauth2x?code=app\"");
  }

  TEST_CASE("F-141: excluded paths, silenced health checks and request_logging off: no line") {
    auto policy = logging_policy();
    policy.logging.exclude_paths = {"/metrics", "/a b"};
    CHECK(line_for(policy, support::request_to("/metrics?x=1")).empty());
    CHECK(line_for(policy, support::request_to("/a%20b")).empty());
    CHECK_FALSE(line_for(policy, support::request_to("/metrics/x")).empty());
    CHECK_FALSE(line_for(policy, support::request_to("/ping")).empty());
    policy.logging.silence_ping = true;
    CHECK(line_for(policy, support::request_to("/ping")).empty());
    CHECK(line_for(policy, support::request_to("/ready")).empty());
    CHECK_FALSE(line_for(policy, support::request_to("/pingx")).empty());
    policy.logging.requests = false;
    CHECK(line_for(policy, support::request_to("/")).empty());
  }

  TEST_CASE("request_line, asked_by: who asked, as a trusted proxy says, else as the transport") {
    auto request = support::request_to("/", {{"X-Real-IP", "2001:DB8::1"}});
    CHECK(line_for(logging_policy(), request).starts_with("203.0.113.7 - "));
    auto facts = request.facts();
    facts.via_trusted_proxy = true;
    CHECK(asked_by({}, *facts.request, &facts).client == "2001:db8::1");
    request.peer = "unix:";
    const auto local = request.facts();
    CHECK(asked_by({}, *local.request, &local).client == "unix:");
    // A request that could not be read has a line as well.
    CHECK(holds(request_line(logging_policy(), request.view(), nullptr, Decision(),
                             {400, 0, {}, {}, {}}, noon),
                "\"/\" - \"\" 400 0"));
  }

  TEST_CASE("F-140: auth_line: the reference's default format and words") {
    const auto request = support::request_to("/oauth2/callback?code=canary");
    const auto asked = asked_by({}, request.view(), nullptr);
    const auto line = [&](const Decision& decision) {
      return auth_line(logging_policy(), asked, decision, noon);
    };
    CHECK(line(decided(Reason::signed_in, {}, "ada@example.com")) ==
          "203.0.113.7 - 4f1d - ada@example.com [2026/02/28 23:59:59] [AuthSuccess] Authenticated "
          "via OAuth2");
    CHECK(line(decided(Reason::state_missing, "no \"cookie\"\ncame")) ==
          "203.0.113.7 - 4f1d - - [2026/02/28 23:59:59] [AuthFailure] Invalid authentication via "
          "OAuth2: unable to obtain CSRF cookie: no \"cookie\"\\ncame");
    CHECK(holds(line(decided(Reason::provider_failed)), "[AuthError] "));
    CHECK(line(decided(Reason::session)).empty());
    auto off = logging_policy();
    off.logging.auth = false;
    CHECK(auth_line(off, asked, decided(Reason::signed_in), noon).empty());
  }

  TEST_CASE("auth_outcome: who is let in succeeded, nobody else") {
    for (int i = 0; i <= static_cast<int>(Reason::internal_error); ++i) {
      const auto reason = static_cast<Reason>(i);
      CAPTURE(reason_code(reason));
      CHECK((auth_outcome(reason).status == "AuthSuccess") == (reason == Reason::signed_in));
      CHECK(auth_outcome(reason).status.empty() == auth_outcome(reason).message.empty());
    }
  }

  TEST_CASE("F-140: standard_line: one line, or none") {
    auto logging = logging_policy().logging;
    CHECK(standard_line(logging, "login-refused", "issuer is \"a\"\n", noon) ==
          "[2026/02/28 23:59:59] [login-refused] issuer is \"a\"\\n");
    logging.standard = false;
    CHECK(standard_line(logging, "x", "y", noon).empty());
    CHECK(standard_line({}, "x", "y", noon).empty());
  }
}
