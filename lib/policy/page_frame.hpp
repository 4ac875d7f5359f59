// What every page is put into: the HTML document around its content, the header fields that bound
// what it may do, and the JSON that programs get in its place.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>

#include "policy/pages.hpp"
#include "policy/policy.hpp"

namespace gatelet::policy {

// One page on its way out.
struct Page {
  int http_status = 200;
  Reason reason = Reason::undecided;
  std::span<const std::string> set_cookies;
  std::string_view detail;  // for logs (answer.hpp)

  std::string title;    // HTML
  std::string content;  // HTML below the title
  std::string logo;     // HTML above it
  bool keeps_fragment = false;  // links to PREFIX/start carry the URL's fragment on

  // Where the forms of a page may lead, redirects included (Chromium checks those against
  // form-action too). Without a referrer browsers name no origin either, and is_cross_site() needs
  // it to believe our own form.
  std::string_view form_action = "'self'";
  std::string_view referrer = "no-referrer";
};

// The page as one of our own documents.
Decision finish_page(const Policy&, const PageFacts&, const Page&);

// A document that an operator's template gave, under the policy that goes with it.
Decision finish_document(const Page&, std::string document, std::string_view content_policy);

// The same answer for a program. `message` is the words of a JSON error.
Decision finish_json(const Policy&, const PageFacts&, int http_status, Reason,
                     std::string_view message, std::span<const std::string> set_cookies,
                     std::string_view detail = {});

// A text/plain answer of 200.
Decision finish_text(Reason, std::string_view text);

// Where forms of ours may lead when what they ask for redirects to a provider or another site.
std::string_view anywhere(const Policy&) noexcept;

// Pieces of content. Texts are escaped and cut at 300 bytes, between characters.
std::string paragraph(std::string_view text);
std::string error_paragraph(std::string_view text);  // for whoever looks for a mistake
std::string link_button(std::string_view url, std::string_view label, bool is_main = true);
std::string capped(std::string_view text);
bool is_shown(std::string_view text) noexcept;  // neither empty nor "-"

// A link that leads to a path of this host or to a web page, and fits.
bool is_link(std::string_view url) noexcept;

}  // namespace gatelet::policy
