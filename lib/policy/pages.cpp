#include "policy/pages.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "http/form.hpp"
#include "http/html.hpp"
#include "http/query.hpp"
#include "policy/answer.hpp"
#include "policy/api_request.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/page_frame.hpp"
#include "policy/page_style.hpp"
#include "policy/page_templates.hpp"
#include "policy/page_words.hpp"
#include "policy/password_form.hpp"
#include "policy/return_to.hpp"

namespace gatelet::policy {
namespace {

constexpr std::size_t max_target_size = 512;  // three times as long where it is encoded
constexpr std::size_t max_buttons = 16;
constexpr std::string_view default_banner = "Sign in to continue.";

bool is_for_program(const Policy& policy, const PageFacts& about) {
  return about.facts != nullptr && wants_json(policy, *about.facts);
}

// Where a sign-in or sign-out started from this page leads.
std::string return_target(const Policy& policy, const PageFacts& about) {
  if (!about.return_to.empty()) return about.return_to;
  if (about.facts == nullptr) return "/";
  return wished_return(policy, *about.facts, about.form.return_to).text();
}

Page page_of(int http_status, Reason reason, const PageFacts& about,
             std::span<const std::string> set_cookies) {
  Page page;
  page.http_status = http_status;
  page.reason = reason;
  page.set_cookies = set_cookies;
  page.detail = about.detail;
  return page;
}

// A way on as templates have it: the page to go back to. Our own ways on lead to PREFIX/start and
// say it there.
std::string way_back(const Policy& policy, const PageFacts& about) {
  if (!is_link(about.retry_url)) return {};
  const auto query = about.retry_url.find('?');
  const auto path = about.retry_url.substr(0, query);
  if (path != endpoint_path(policy, "start")) return about.retry_url;
  if (query == std::string::npos) return "/";
  const auto target = http::query_value(std::string_view(about.retry_url).substr(query + 1), "rd",
                                        http::Semicolon::refused);
  return target.ok() && *target ? **target : "/";
}

// Forms of a template may lead to PREFIX/start, and by redirect to the provider.
std::string with_forms(const Policy& policy, const PageTemplate& page) {
  return page.content_policy + "; form-action " + std::string(anywhere(policy)) +
         "; frame-ancestors 'none'; base-uri 'none'";
}

Decision custom_error_page(const Policy& policy, const PageTemplate& made, const PageFacts& about,
                           Page page, std::string_view message) {
  const auto back = way_back(policy, about);
  const auto id = capped(about.request_id);
  ErrorFields fields;
  fields.title = page.title;
  fields.message = message;
  fields.proxy_prefix = policy.proxy_prefix;
  fields.redirect = back;
  fields.request_id = id;
  fields.footer = policy.pages.footer;
  fields.status_code = page.http_status;
  page.referrer = "same-origin";  // its forms are believed by their origin
  return finish_document(page, render(made, fields), with_forms(policy, made));
}

Decision custom_sign_in_page(const Policy& policy, const PageTemplate& made, Page page,
                             std::span<const ProviderButton> providers, const std::string& target) {
  const auto& pages = policy.pages;
  std::string name = providers.empty() ? std::string() : capped(providers.front().name);
  if (name.empty()) name = "OpenID Connect";
  SignInFields fields;
  fields.provider_name = name;
  if (pages.banner != "-") fields.sign_in_message = pages.banner;
  if (pages.banner.empty()) fields.sign_in_message = default_banner;
  fields.redirect = target;
  fields.proxy_prefix = policy.proxy_prefix;
  fields.footer = pages.footer;
  fields.logo_data = page.logo;
  fields.status_code = page.http_status;
  fields.custom_login = policy.password.shows_form;
  page.referrer = "same-origin";
  return finish_document(page, render(made, fields), with_forms(policy, made));
}

}  // namespace

Decision error_page(const Policy& policy, const PageFacts& about, int http_status, Reason reason,
                    std::string_view message, std::span<const std::string> set_cookies) {
  if (is_for_program(policy, about)) {
    if (message.empty()) message = reason_sentence(reason);
    return finish_json(policy, about, http_status, reason, message, set_cookies, about.detail);
  }
  const auto says = page_words(reason);
  if (message.empty()) message = says.text;
  const bool shows_error = policy.pages.show_debug_on_error && !about.error_text.empty();
  auto page = page_of(http_status, reason, about, set_cookies);
  page.title = says.title;
  page.keeps_fragment = about.at_application;
  if (const auto* templates = policy.pages.templates.get(); templates && templates->error()) {
    const auto told = capped(shows_error ? about.error_text : message);
    return custom_error_page(policy, *templates->error(), about, std::move(page), told);
  }
  page.content = paragraph(message);
  if (shows_error) page.content += error_paragraph(about.error_text);
  if (is_link(about.retry_url)) page.content += link_button(about.retry_url, says.button);
  return finish_page(policy, about, page);
}

Decision unauthorized(const Policy& policy, const PageFacts& about, Reason reason,
                      std::span<const std::string> set_cookies) {
  if (is_for_program(policy, about)) {
    return finish_json(policy, about, 401, reason, reason_sentence(reason), set_cookies,
                       about.detail);
  }
  auto page = about;
  if (page.retry_url.empty()) {
    page.retry_url = start_url(policy, {}, return_target(policy, about));
    page.at_application = true;
  }
  return error_page(policy, page, 401, reason, {}, set_cookies);
}

Decision sign_in_page(const Policy& policy, const PageFacts& about, int http_status,
                      std::span<const ProviderButton> providers,
                      std::span<const std::string> set_cookies) {
  const auto reason = about.form.reason;
  if (is_for_program(policy, about)) {
    return finish_json(policy, about, http_status, reason, reason_sentence(reason), set_cookies);
  }
  auto target = return_target(policy, about);
  if (target.size() > max_target_size) target = "/";
  const auto& pages = policy.pages;
  auto page = page_of(http_status, reason, about, set_cookies);
  page.title = "Sign in";
  page.keeps_fragment = true;
  if (!pages.logo.empty()) {
    page.logo.append("<img class=\"logo\" alt=\"\" src=\"").append(pages.logo).append("\">");
  }
  if (const auto* templates = pages.templates.get(); templates && templates->sign_in()) {
    return custom_sign_in_page(policy, *templates->sign_in(), std::move(page), providers, target);
  }
  if (pages.banner.empty()) page.content += paragraph(default_banner);
  if (is_shown(pages.banner)) page.content += paragraph(pages.banner);
  for (const auto& provider : providers.first(std::min(providers.size(), max_buttons))) {
    const std::string_view id = providers.size() > 1 ? std::string_view(provider.id) : "";
    const auto label = provider.name.empty() ? "Sign in" : "Sign in with " + provider.name;
    const bool is_first = &provider == providers.data();
    page.content += link_button(start_url(policy, id, target), label, is_first);
  }
  if (policy.password.shows_form) {
    page.content += password_form(policy, target, about.form);
    page.form_action = anywhere(policy);
    page.referrer = "same-origin";
  }
  return finish_page(policy, about, page);
}

Decision sign_out_question(const Policy& policy, const PageFacts& about,
                           std::span<const std::string> set_cookies) {
  constexpr auto reason = Reason::sign_out_question;
  if (is_for_program(policy, about)) {
    return finish_json(policy, about, 403, reason, reason_sentence(reason), set_cookies);
  }
  const auto target = return_target(policy, about);
  auto action = endpoint_path(policy, "sign_out");
  if (target != "/" && target.size() <= max_target_size) {
    http::Form form;
    form.add("rd", target);
    action.append("?").append(form.text());
  }
  auto page = page_of(200, reason, about, set_cookies);
  page.title = "Sign out?";
  page.content = paragraph("Another site asks to end your session here.");
  page.content.append("<form method=\"post\" action=\"");
  http::html_escape(action, page.content);
  page.content.append("\">");
  page.content.append("<button class=\"button\">Sign out</button></form>");
  page.content.append("<p><a href=\"/\">Stay signed in</a></p>");
  page.form_action = anywhere(policy);
  page.referrer = "same-origin";
  return finish_page(policy, about, page);
}

Decision robots() { return finish_text(Reason::robots, "User-agent: *\nDisallow: /\n"); }

Decision pong() { return finish_text(Reason::ping, "OK"); }

Decision ready() { return finish_text(Reason::ready, "OK"); }

std::string_view style_source() noexcept { return page_style_source; }
std::string_view style_text() noexcept { return page_style; }

}  // namespace gatelet::policy
