#include "policy/pages.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "http/form.hpp"
#include "http/html.hpp"
#include "json/writer.hpp"
#include "policy/answer.hpp"
#include "policy/api_request.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/page_style.hpp"
#include "policy/password_form.hpp"
#include "policy/return_to.hpp"

namespace gatelet::policy {
namespace {

constexpr std::size_t max_text_size = 300;  // of a message, a name or an id
constexpr std::size_t max_url_size = 2048;
constexpr std::size_t max_target_size = 512;  // three times as long where it is encoded
constexpr std::size_t max_buttons = 16;

// At most max_text_size bytes, cut between characters.
std::string capped(std::string_view text) {
  if (text.size() <= max_text_size) return std::string(text);
  auto end = max_text_size;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)).append("\xe2\x80\xa6");
}

std::string escaped(std::string_view text) {
  std::string out;
  http::html_escape(text, out);
  return out;
}

// A link that leads to a path of this host or to a web page, and fits.
bool is_link(std::string_view url) noexcept {
  if (url.empty() || url.size() > max_url_size) return false;
  for (const char c : url) {
    if (c <= ' ' || c > '~' || c == '\\') return false;
  }
  if (url.front() == '/') return url.size() == 1 || url[1] != '/';
  return url.starts_with("https://") || url.starts_with("http://");
}

// What a page says for a reason where nobody has more to tell: plain words for somebody who knows
// nothing of tokens.
struct Words {
  std::string_view title, text, button;
};

Words words(Reason reason) noexcept {
  switch (reason) {
    case Reason::undecided:
    case Reason::no_session:
    case Reason::session_invalid:
    case Reason::bearer_rejected:
    case Reason::basic_rejected:
    case Reason::password_wrong:
      return {"Please sign in", "You need to sign in to see this page.", "Sign in"};
    case Reason::session_expired:
      return {"Your session has ended", "You were signed in for as long as one session lasts.",
              "Sign in again"};
    case Reason::grant_ended:
      return {"Your session has ended", "The sign-in service has ended it.", "Sign in again"};
    case Reason::state_missing:
    case Reason::state_mismatch:
      return {"This sign-in has expired",
              "It took too long, was finished already, or was started in another browser.",
              "Sign in again"};
    case Reason::login_denied:
      return {"You were not signed in", "The sign-in service ended the attempt.", "Try again"};
    case Reason::bad_callback:
    case Reason::issuer_mismatch:
    case Reason::token_rejected:
      return {"You could not be signed in", "The answer of the sign-in service cannot be accepted.",
              "Try again"};
    case Reason::incomplete_identity:
      return {"You could not be signed in", "The sign-in service did not tell enough about you.",
              "Try again"};
    case Reason::not_permitted:
      return {"You do not have access", "You are signed in, but this site is not open to you.",
              "Sign in as somebody else"};
    case Reason::bad_request:
      return {"This request cannot be read", "The address or the request is damaged.", "Try again"};
    case Reason::method_not_allowed:
      return {"This address does not work that way", "Start from the site's own page instead.",
              "Try again"};
    case Reason::unknown_provider:
      return {"Unknown way to sign in",
              "The way to sign in that was asked for does not exist here.", "Sign in"};
    case Reason::provider_failed:
    case Reason::provider_unavailable:
      return {"The sign-in service does not answer",
              "Nothing is lost. Please try again in a moment.", "Try again"};
    case Reason::overloaded:
    case Reason::cancelled:
      return {"Please try again", "Many people are signing in right now.", "Try again"};
    case Reason::internal_error:
    case Reason::session:
    case Reason::session_refreshed:
    case Reason::bearer:
    case Reason::basic:
    case Reason::free_pass:
    case Reason::https_required:
    case Reason::login_started:
    case Reason::sign_in_page:
    case Reason::signed_in:
    case Reason::already_signed_in:
    case Reason::signed_out:
    case Reason::sign_out_question:
    case Reason::userinfo:
    case Reason::robots:
    case Reason::ping:
    case Reason::ready:
      return {"Something went wrong here", "Nothing is lost. Please try again in a moment.",
              "Try again"};
  }
  unreachable();
}

std::string link_button(std::string_view url, std::string_view label) {
  std::string out = "<p><a class=\"button\" href=\"";
  http::html_escape(url, out);
  out.append("\">");
  http::html_escape(capped(label), out);
  return out.append("</a></p>");
}

std::string paragraph(std::string_view text) { return "<p>" + escaped(capped(text)) + "</p>"; }

bool is_shown(std::string_view text) noexcept { return !text.empty() && text != "-"; }

std::string document(const PagesPolicy& pages, std::string_view title, std::string_view content,
                     std::string_view id, std::string_view heading = {}) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\"><title>";
  out.append(title).append("</title><style>").append(page_style).append("</style></head>");
  out.append("<body><main>")
      .append(heading)
      .append("<h1>")
      .append(title)
      .append("</h1>")
      .append(content);
  if (!id.empty()) {
    out.append("<p class=\"id\">Request id <code>")
        .append(escaped(capped(id)))
        .append("</code></p>");
  }
  if (is_shown(pages.footer)) {
    out.append("<footer>").append(escaped(capped(pages.footer))).append("</footer>");
  }
  return out.append("</main></body></html>\n");
}

Decision finish(Answer& answer, std::string body, std::span<const std::string> set_cookies) {
  answer.no_store();
  for (const auto& cookie : set_cookies) answer.response("Set-Cookie", cookie);
  answer.body(answer.keep(std::move(body)));
  return std::move(answer).finish();
}

// Where the forms of a page may lead, redirects included (Chromium checks those against form-action
// too). Without a referrer browsers name no origin either, and is_cross_site() needs it to believe
// our own form.
struct Forms {
  std::string_view action = "'self'";
  std::string_view referrer = "no-referrer";
  std::string_view images = {};  // a further directive of the policy
};

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

Decision html(int http_status, Reason reason, std::string body, const Forms& forms,
              std::span<const std::string> set_cookies) {
  auto answer = Answer::own(http_status, reason);
  answer.response("Content-Type", "text/html; charset=utf-8");
  answer.response(
      "Content-Security-Policy",
      answer.join({"default-src 'none'; style-src ", page_style_source, "; form-action ",
                   forms.action, forms.images, "; frame-ancestors 'none'; base-uri 'none'"}));
  answer.response("X-Content-Type-Options", "nosniff");
  answer.response("X-Frame-Options", "DENY");
  answer.response("Referrer-Policy", forms.referrer);
  add_challenge(http_status, reason, answer);
  return finish(answer, std::move(body), set_cookies);
}

bool is_for_program(const Policy& policy, const PageFacts& about) {
  return about.facts != nullptr && wants_json(policy, *about.facts);
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

Decision json(const Policy& policy, const PageFacts& about, int http_status, Reason reason,
              std::string_view message, std::span<const std::string> set_cookies) {
  auto answer = Answer::own(http_status, reason);
  answer.response("Content-Type", "application/json");
  answer.response("X-Content-Type-Options", "nosniff");
  add_challenge(http_status, reason, answer);
  if (http_status == 401 && policy.detect_api_by_fetch_metadata) {
    // A program cannot follow a login; whoever runs it can.
    answer.response("X-Sign-In-Url", answer.keep(endpoint_path(policy, "start")));
  }
  return finish(answer, json_body(policy, about, http_status, reason, message), set_cookies);
}

Decision fine(Reason reason) {
  auto answer = Answer::own(200, reason);
  answer.response("Content-Type", "text/plain; charset=utf-8");
  return finish(answer, "OK", {});
}

// Where a sign-in or sign-out started from this page leads.
std::string return_target(const Policy& policy, const PageFacts& about) {
  if (!about.return_to.empty()) return about.return_to;
  if (about.facts == nullptr) return "/";
  return wished_return(policy, *about.facts, about.form.return_to).text();
}

}  // namespace

Decision error_page(const Policy& policy, const PageFacts& about, int http_status, Reason reason,
                    std::string_view message, std::span<const std::string> set_cookies) {
  if (is_for_program(policy, about)) {
    if (message.empty()) message = reason_sentence(reason);
    return json(policy, about, http_status, reason, message, set_cookies);
  }
  const auto says = words(reason);
  auto content = paragraph(message.empty() ? says.text : message);
  if (is_link(about.retry_url)) content += link_button(about.retry_url, says.button);
  return html(http_status, reason, document(policy.pages, says.title, content, about.request_id),
              {}, set_cookies);
}

Decision unauthorized(const Policy& policy, const PageFacts& about, Reason reason,
                      std::span<const std::string> set_cookies) {
  if (is_for_program(policy, about)) {
    return json(policy, about, 401, reason, reason_sentence(reason), set_cookies);
  }
  auto page = about;
  if (page.retry_url.empty()) page.retry_url = start_url(policy, {}, return_target(policy, about));
  return error_page(policy, page, 401, reason, {}, set_cookies);
}

Decision sign_in_page(const Policy& policy, const PageFacts& about, int http_status,
                      std::span<const ProviderButton> providers,
                      std::span<const std::string> set_cookies) {
  const auto reason = about.form.reason;
  if (is_for_program(policy, about)) {
    return json(policy, about, http_status, reason, reason_sentence(reason), set_cookies);
  }
  auto target = return_target(policy, about);
  if (target.size() > max_target_size) target = "/";
  const auto& pages = policy.pages;
  Forms forms;
  std::string content, logo;
  if (!pages.logo.empty()) {
    logo.append("<img class=\"logo\" alt=\"\" src=\"").append(pages.logo).append("\">");
    forms.images = "; img-src data:";
  }
  if (pages.banner.empty()) content += paragraph("Sign in to continue.");
  if (is_shown(pages.banner)) content += paragraph(pages.banner);
  for (const auto& provider : providers.first(std::min(providers.size(), max_buttons))) {
    const std::string_view id = providers.size() > 1 ? std::string_view(provider.id) : "";
    const auto label = provider.name.empty() ? "Sign in" : "Sign in with " + provider.name;
    content += link_button(start_url(policy, id, target), label);
  }
  if (policy.password.shows_form) {
    content += password_form(policy, target, about.form);
    forms.action = policy.cookie_secure ? "'self' https:" : "'self' https: http:";
    forms.referrer = "same-origin";
  }
  return html(http_status, reason, document(pages, "Sign in", content, {}, logo), forms,
              set_cookies);
}

Decision sign_out_question(const Policy& policy, const PageFacts& about,
                           std::span<const std::string> set_cookies) {
  constexpr auto reason = Reason::sign_out_question;
  if (is_for_program(policy, about)) {
    return json(policy, about, 403, reason, reason_sentence(reason), set_cookies);
  }
  const auto target = return_target(policy, about);
  auto action = endpoint_path(policy, "sign_out");
  if (target != "/" && target.size() <= max_target_size) {
    http::Form form;
    form.add("rd", target);
    action.append("?").append(form.text());
  }
  std::string content = paragraph("Another site asks to end your session here.");
  content.append("<form method=\"post\" action=\"");
  http::html_escape(action, content);
  content.append("\">");
  content.append("<button class=\"button\">Sign out</button></form>");
  content.append("<p><a href=\"/\">Stay signed in</a></p>");
  const Forms forms{policy.cookie_secure ? "'self' https:" : "'self' https: http:", "same-origin"};
  return html(200, reason, document(policy.pages, "Sign out?", content, about.request_id), forms,
              set_cookies);
}

Decision signed_out_page(const Policy& policy, const PageFacts& about,
                         std::span<const std::string> set_cookies) {
  constexpr auto reason = Reason::signed_out;
  if (is_for_program(policy, about)) {
    return json(policy, about, 200, reason, {}, set_cookies);
  }
  const auto back = is_link(about.retry_url) ? about.retry_url : std::string("/");
  const auto content =
      paragraph("Your session here has ended.") + link_button(back, "Sign in again");
  return html(200, reason, document(policy.pages, "You are signed out", content, {}), {},
              set_cookies);
}

Decision robots() {
  auto answer = Answer::own(200, Reason::robots);
  answer.response("Content-Type", "text/plain; charset=utf-8");
  return finish(answer, "User-agent: *\nDisallow: /\n", {});
}

Decision pong() { return fine(Reason::ping); }

Decision ready() { return fine(Reason::ready); }

std::string_view style_source() noexcept { return page_style_source; }
std::string_view style_text() noexcept { return page_style; }

}  // namespace gatelet::policy
