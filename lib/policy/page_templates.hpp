// The pages of an operator: sign_in.html and error.html of custom_templates_dir in place of ours,
// written for oauth2-proxy or for us (http/template_syntax.hpp says in what language).
//
// The names of their fields are oauth2-proxy's. Every value is escaped, the banner and the footer
// too; the logo alone is HTML, of our own making. The Content-Security-Policy allows what stands in
// the template, and nothing that a value could bring along:
//   - style and script elements, style and event attributes: by the hash of their text;
//   - scripts from elsewhere: from the origins that script elements of the template name;
//   - style sheets, images and fonts from elsewhere, where the template has link, img or the like,
//     or a style that loads something: from this host and by https. They cannot act, and a policy
//     that named each origin would miss what their style sheets load in turn.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/template.hpp"

namespace gatelet::policy {

// What a template may show of each page, under oauth2-proxy's names.
struct SignInFields {
  std::string_view provider_name, sign_in_message, redirect, proxy_prefix, footer;
  std::string_view logo_data;  // HTML
  int status_code = 200;
  bool custom_login = false;  // there is a form for user and password
};
struct ErrorFields {
  std::string_view title, message, proxy_prefix, redirect, request_id, footer;
  int status_code = 500;
};

// One template with the policy that goes with it, but for what depends on the page.
struct PageTemplate {
  http::Template made;
  std::string content_policy;  // without form-action
};

class PageTemplates {
 public:
  // Both files at once: what one defines, the other may include. Nullopt: ours stays.
  //   Failure: malformed; the text begins with the file's name and the line.
  static Result<PageTemplates> compile(const std::optional<std::string>& sign_in,
                                       const std::optional<std::string>& error);

  // Nullptr: ours stays.
  const PageTemplate* sign_in() const noexcept { return sign_in_ ? &*sign_in_ : nullptr; }
  const PageTemplate* error() const noexcept { return error_ ? &*error_ : nullptr; }

 private:
  std::optional<PageTemplate> sign_in_, error_;
};

std::string render(const PageTemplate& page, const SignInFields& fields);
std::string render(const PageTemplate& page, const ErrorFields& fields);

}  // namespace gatelet::policy
