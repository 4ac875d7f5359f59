#include "policy/password_form.hpp"

#include "http/html.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::policy {
namespace {

constexpr std::size_t max_user_size = 300;

std::string_view complaint(Reason reason) noexcept {
  if (reason == Reason::password_wrong) return "The user name or the password is wrong.";
  if (reason == Reason::bad_request) return "Please type your user name.";
  return {};
}

void add_escaped(std::string_view text, std::string& out) { http::html_escape(text, out); }

}  // namespace

std::string password_form(const Policy& policy, std::string_view return_to, const FormFacts& form) {
  const auto said = complaint(form.reason);
  std::string out = "<form class=\"password\" method=\"post\" action=\"";
  add_escaped(endpoint_path(policy, "sign_in"), out);
  out.append("\"><input type=\"hidden\" name=\"rd\" value=\"");
  add_escaped(return_to, out);
  out.append("\">");
  if (!said.empty()) out.append("<p class=\"alert\" role=\"alert\">").append(said).append("</p>");
  out.append(
      "<p><label for=\"username\">User name</label>"
      "<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\""
      " spellcheck=\"false\" required value=\"");
  if (form.user.size() <= max_user_size) add_escaped(form.user, out);
  return out.append(
      "\"></p><p><label for=\"password\">Password</label>"
      "<input id=\"password\" name=\"password\" type=\"password\""
      " autocomplete=\"current-password\"></p>"
      "<p><button class=\"button\">Sign in with password</button></p></form>");
}

}  // namespace gatelet::policy
