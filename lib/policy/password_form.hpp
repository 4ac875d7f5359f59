// The form for user and password on the sign-in page.
#pragma once

#include <string>
#include <string_view>

#include "policy/pages.hpp"

namespace gatelet::policy {

// POSTs username, password and rd (`return_to`) to PREFIX/sign_in; says how what was typed before
// was taken.
std::string password_form(const Policy&, std::string_view return_to, const FormFacts&);

}  // namespace gatelet::policy
