// The pages of the development provider: plain HTML with one style, clearly marked.
#pragma once

#include <string>

#include "encoding.hpp"
#include "options.hpp"

namespace dev_idp {

// A list of users to choose from.
std::string choose_page(const Options& options, const std::string& action,
                        const std::string& attempt, const std::string& login_hint);

// Asks whether the application may know who this is.
std::string consent_page(const Options& options, const User& user, const std::string& action,
                         const std::string& attempt, const std::string& scope);

// Asks whether to sign out; posts `fields` again.
std::string sign_out_page(const std::string& action, const Fields& fields);

std::string notice_page(const std::string& title, const std::string& text);

// A form with `fields` that sends itself (OAuth 2.0 Form Post Response Mode).
std::string form_post_page(const std::string& action, const Fields& fields);

// The Content-Security-Policy source of the one script, of form_post_page.
std::string form_post_script_source();

}  // namespace dev_idp
