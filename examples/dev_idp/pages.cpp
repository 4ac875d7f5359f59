#include "pages.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace dev_idp {
namespace {

constexpr const char* form_post_script = "document.forms[0].submit()";

constexpr const char* style = R"(
:root { color-scheme: light dark; --back: #f4f1ea; --card: #fffdf8; --ink: #26221c; --soft: #6b6355; --line: #ddd5c5; --main: #7a3e00; --on-main: #fff; }
@media (prefers-color-scheme: dark) { :root { --back: #1c1a17; --card: #28251f; --ink: #f1ece1; --soft: #b3a995; --line: #453f34; --main: #f0b46c; --on-main: #2a1800; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 26rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p { margin: .25rem 0 1rem; color: var(--soft); }
.mark { display: block; margin: -1.5rem -1.5rem 1.25rem; padding: .5rem 1.5rem; border-radius: .75rem .75rem 0 0; font-size: .85rem; color: #3b2300; background: repeating-linear-gradient(-45deg, #ffd591 0 .75rem, #ffe2b0 .75rem 1.5rem); }
button { display: block; width: 100%; margin: .5rem 0 0; padding: .7rem 1rem; font: inherit; text-align: left; color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer; }
button:hover { border-color: var(--main); }
button:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
button small { display: block; color: var(--soft); }
button.main { color: var(--on-main); background: var(--main); border-color: var(--main); text-align: center; font-weight: 600; }
button.other { text-align: center; }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
)";

std::string page(const std::string& title, const std::string& content) {
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\"><title>" +
         escape_html(title) + "</title><style>" + style +
         "</style></head><body><main><span class=\"mark\">Development provider: no passwords, "
         "never for "
         "production</span><h1>" +
         escape_html(title) + "</h1>" + content + "</main></body></html>";
}

std::string hidden(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += "<input type=\"hidden\" name=\"" + escape_html(name) + "\" value=\"" +
           escape_html(value) + "\">";
  }
  return out;
}

std::string form(const std::string& action, const Fields& fields, const std::string& buttons) {
  return "<form method=\"post\" action=\"" + escape_html(action) + "\">" + hidden(fields) +
         buttons + "</form>";
}

std::string user_button(const User& user) {
  std::string about = user.email.empty() ? "no e-mail address" : user.email;
  if (!user.email.empty() && !user.is_email_verified) about += " (not verified)";
  for (const auto& group : user.groups)
    about += (&group == &user.groups.front() ? " · " : ", ") + group;
  return "<button name=\"username\" value=\"" + escape_html(user.username) + "\">" +
         escape_html(user.name) + "<small>" + escape_html(about) + "</small></button>";
}

}  // namespace

std::string choose_page(const Options& options, const std::string& action,
                        const std::string& attempt, const std::string& login_hint) {
  auto users = options.users;
  // Who is hinted at comes first.
  std::stable_partition(users.begin(), users.end(), [&](const User& user) {
    return !login_hint.empty() && (user.username == login_hint || user.email == login_hint);
  });
  std::string buttons;
  for (const auto& user : users) buttons += user_button(user);
  return page("Who are you?", "<p>Choose somebody to sign in as at " +
                                  escape_html(options.client_id) + ".</p>" +
                                  form(action, {{"attempt", attempt}}, buttons));
}

std::string consent_page(const Options& options, const User& user, const std::string& action,
                         const std::string& attempt, const std::string& scope) {
  return page("Let it know you?",
              "<p>" + escape_html(options.client_id) + " wants to know who you are, " +
                  escape_html(user.name) + ". It asks for:</p><ul><li>" + escape_html(scope) +
                  "</li></ul>" +
                  form(action, {{"attempt", attempt}},
                       "<button class=\"main\" name=\"answer\" value=\"allow\">Allow</button>"
                       "<button class=\"other\" name=\"answer\" value=\"deny\">Deny</button>"));
}

std::string sign_out_page(const std::string& action, const Fields& fields) {
  auto all = fields;
  all.emplace_back("confirmed", "yes");
  return page("Sign out?", "<p>This ends your session at the development provider.</p>" +
                               form(action, all, "<button class=\"main\">Sign out</button>"));
}

std::string notice_page(const std::string& title, const std::string& text) {
  return page(title, "<p>" + escape_html(text) + "</p>");
}

std::string form_post_page(const std::string& action, const Fields& fields) {
  return page("Going back", form(action, fields, "<button class=\"main\">Continue</button>") +
                                "<script>" + form_post_script + "</script>");
}

std::string form_post_script_source() {
  const auto digest = sha256(form_post_script);
  std::string text(45, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(digest.data()),
                  static_cast<int>(digest.size()));
  text.resize(44);
  return "'sha256-" + text + "'";
}

}  // namespace dev_idp
