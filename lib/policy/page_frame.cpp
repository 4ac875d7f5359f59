#include "policy/page_frame.hpp"

#include <utility>

#include "http/date.hpp"
#include "http/html.hpp"
#include "json/writer.hpp"
#include "policy/answer.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/page_script.hpp"
#include "policy/page_style.hpp"

namespace gatelet::policy {
namespace {

constexpr std::size_t max_text_size = 300;  // of a message, a name or an id
constexpr std::size_t max_url_size = 2048;

std::string escaped(std::string_view text) {
  std::string out;
  http::html_escape(text, out);
  return out;
}

Instant moment_of(const PageFacts& about) noexcept {
  if (about.facts == nullptr || about.arrived != Instant{}) return about.arrived;
  return about.facts->arrived;
}

// For whoever is asked for help: which request, and when.
std::string request_line(const PageFacts& about) {
  if (about.request_id.empty()) return {};
  std::string out = "<p class=\"id\">Request id <code>";
  out.append(escaped(capped(about.request_id))).append("</code>");
  if (const auto moment = moment_of(about); moment != Instant{}) {
    const auto text = http::date_text(moment.unix_seconds());
    auto machine = text + "Z";
    machine[10] = 'T';
    out.append("<br>Time <time datetime=\"").append(machine).append("\">").append(text);
    out.append(" UTC</time>");
  }
  return out.append("</p>");
}

std::string document(const PagesPolicy& pages, const PageFacts& about, const Page& page) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\"><title>";
  out.append(page.title).append("</title><style>").append(page_style).append("</style></head>");
  out.append("<body><main>").append(page.logo).append("<h1>").append(page.title).append("</h1>");
  out.append(page.content);
  out.append(request_line(about));
  if (is_shown(pages.footer)) {
    out.append("<footer>").append(escaped(capped(pages.footer))).append("</footer>");
  }
  out.append("</main>");
  if (page.keeps_fragment) out.append("<script>").append(fragment_script).append("</script>");
  return out.append("</body></html>\n");
}

std::string content_policy(const Page& page) {
  std::string out = "default-src 'none'; style-src ";
  out.append(page_style_source);
  if (page.keeps_fragment) out.append("; script-src ").append(fragment_script_source);
  if (!page.logo.empty()) out.append("; img-src data:");
  out.append("; form-action ").append(page.form_action);
  return out.append("; frame-ancestors 'none'; base-uri 'none'");
}

Decision finish(Answer& answer, std::string body, std::span<const std::string> set_cookies,
                std::string_view detail) {
  answer.no_store();
  answer.detail(detail);
  for (const auto& cookie : set_cookies) answer.response("Set-Cookie", cookie);
  answer.body(answer.keep(std::move(body)));
  return std::move(answer).finish();
}

// RFC 6750 section 3, RFC 7617 section 2: who sent a token or a password learns that it was that.
// The form's own answer has none, or browsers would ask in a window of theirs.
void add_challenge(int http_status, Reason reason, Answer& answer) {
  if (http_status != 401) return;
  if (reason == Reason::bearer_rejected) {
    answer.response("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  }
  if (reason == Reason::basic_rejected) {
    answer.response("WWW-Authenticate", "Basic realm=\"sign-in\", charset=\"UTF-8\"");
  }
}

bool is_own_endpoint(const Policy& policy, const PageFacts& about) noexcept {
  return about.facts != nullptr &&
         match_endpoint(policy, about.facts->own_path, true).endpoint != Endpoint::none;
}

// Refusals of application requests and everything in compat are `{}`, as the reference writes it;
// the rest says what went wrong.
std::string json_body(const Policy& policy, const PageFacts& about, int http_status, Reason reason,
                      std::string_view message) {
  const bool refusal = http_status == 401 || http_status == 403;
  const bool bare = !policy.pages.json_own_pages || (refusal && !is_own_endpoint(policy, about));
  if (bare || http_status < 400) return "{}";
  std::string out = "{\"error\":";
  json::write_string(reason_code(reason), out);
  out.append(",\"message\":");
  json::write_string(capped(message), out);
  if (!about.request_id.empty()) {
    out.append(",\"request_id\":");
    json::write_string(capped(about.request_id), out);
  }
  return out.append("}");
}

}  // namespace

Decision finish_document(const Page& page, std::string body, std::string_view policy) {
  auto answer = Answer::own(page.http_status, page.reason);
  answer.response("Content-Type", "text/html; charset=utf-8");
  answer.response("Content-Security-Policy", policy);
  answer.response("X-Content-Type-Options", "nosniff");
  answer.response("X-Frame-Options", "DENY");
  answer.response("Referrer-Policy", page.referrer);
  add_challenge(page.http_status, page.reason, answer);
  return finish(answer, std::move(body), page.set_cookies, page.detail);
}

Decision finish_page(const Policy& policy, const PageFacts& about, const Page& page) {
  return finish_document(page, document(policy.pages, about, page), content_policy(page));
}

Decision finish_json(const Policy& policy, const PageFacts& about, int http_status, Reason reason,
                     std::string_view message, std::span<const std::string> set_cookies,
                     std::string_view detail) {
  auto answer = Answer::own(http_status, reason);
  answer.response("Content-Type", "application/json");
  answer.response("X-Content-Type-Options", "nosniff");
  add_challenge(http_status, reason, answer);
  if (http_status == 401 && policy.detect_api_by_fetch_metadata) {
    // A program cannot follow a login; whoever runs it can.
    answer.response("X-Sign-In-Url", answer.keep(endpoint_path(policy, "start")));
  }
  return finish(answer, json_body(policy, about, http_status, reason, message), set_cookies,
                detail);
}

Decision finish_text(Reason reason, std::string_view text) {
  auto answer = Answer::own(200, reason);
  answer.response("Content-Type", "text/plain; charset=utf-8");
  return finish(answer, std::string(text), {}, {});
}

std::string_view anywhere(const Policy& policy) noexcept {
  return policy.cookie_secure ? "'self' https:" : "'self' https: http:";
}

std::string capped(std::string_view text) {
  if (text.size() <= max_text_size) return std::string(text);
  auto end = max_text_size;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)).append("\xe2\x80\xa6");
}

std::string paragraph(std::string_view text) { return "<p>" + escaped(capped(text)) + "</p>"; }

std::string error_paragraph(std::string_view text) {
  return "<p class=\"error\"><code>" + escaped(capped(text)) + "</code></p>";
}

std::string link_button(std::string_view url, std::string_view label, bool is_main) {
  std::string out =
      is_main ? "<p><a class=\"button\" href=\"" : "<p><a class=\"button other\" href=\"";
  http::html_escape(url, out);
  out.append("\">");
  http::html_escape(capped(label), out);
  return out.append("</a></p>");
}

bool is_shown(std::string_view text) noexcept { return !text.empty() && text != "-"; }

bool is_link(std::string_view url) noexcept {
  if (url.empty() || url.size() > max_url_size) return false;
  for (const char c : url) {
    if (c <= ' ' || c > '~' || c == '\\') return false;
  }
  if (url.front() == '/') return url.size() == 1 || url[1] != '/';
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace gatelet::policy
