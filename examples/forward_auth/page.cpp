#include "page.hpp"

#include <chrono>
#include <ctime>

namespace forward_auth {
namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --back: #eef2f1; --card: #ffffff; --ink: #17211f; --soft: #55635f; --line: #d3dcd9; --main: #0b6b5d; --on-main: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --back: #121917; --card: #1c2523; --ink: #e8efec; --soft: #9fb0aa; --line: #33403c; --main: #5fd0bb; --on-main: #06231e; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 4vh auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; justify-content: space-between; }
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.05rem; }
p { margin: .25rem 0; color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1.25rem; margin: 1.25rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; font: .85rem/1.5 ui-monospace, monospace; }
td { padding: .4rem .75rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr:first-child td { border-top: 0; } td:first-child { width: 1%; white-space: nowrap; color: var(--soft); }
tr.ours td { background: color-mix(in srgb, var(--main) 10%, transparent); }
button { padding: .6rem 1.1rem; font: inherit; font-weight: 600; color: var(--on-main); background: var(--main); border: 0; border-radius: .5rem; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--main); outline-offset: 3px; }
)";

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string row(const std::string& name, const std::string& value) {
  return value.empty() ? "" : "<dt>" + escape(name) + "</dt><dd>" + escape(value) + "</dd>";
}

std::string moment(const std::optional<std::chrono::sys_seconds>& at) {
  if (!at) return {};
  const std::time_t seconds = at->time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string groups_of(const gatelet::Identity& who) {
  std::string text;
  for (std::size_t i = 0; i < who.num_groups(); ++i)
    text.append(i == 0 ? "" : ", ").append(who.group(i));
  return text;
}

std::string about(const gatelet::Identity& who) {
  const auto verified = who.email_verified();
  std::string email(who.email());
  if (!email.empty() && verified) email += *verified ? " (verified)" : " (not verified)";
  return "<dl>" + row("User", std::string(who.user())) + row("E-mail", email) +
         row("Name there", std::string(who.preferred_username())) + row("Groups", groups_of(who)) +
         row("Signed in", moment(who.authenticated_at())) +
         row("Session ends", moment(who.session_ends())) + "</dl>";
}

bool is_identity_header(const std::string& name) {
  return name.rfind("X-Forwarded-", 0) == 0 || name.rfind("X-Auth-Request-", 0) == 0 ||
         name == "Authorization";
}

std::string header_row(const std::string& name, const std::string& value, bool is_ours) {
  const auto shown = value.size() > 160 ? value.substr(0, 160) + " ..." : value;
  return std::string(is_ours ? "<tr class=\"ours\">" : "<tr>") + "<td>" + escape(name) +
         "</td><td>" + escape(shown) + "</td></tr>";
}

// The identity first.
std::string headers_table(const Allowed& allowed) {
  std::string ours, others;
  for (const auto& [name, value] : allowed.headers) {
    const bool is_ours = is_identity_header(name);
    (is_ours ? ours : others) += header_row(name, value, is_ours);
  }
  return "<div class=\"scroll\"><table>" + ours + others + "</table></div>";
}

std::string greeting(const gatelet::Identity* who) {
  if (who == nullptr) return "Nobody in particular";
  const auto name = !who->preferred_username().empty() ? who->preferred_username() : who->user();
  return "Hello, " + std::string(name);
}

}  // namespace

void show_page(const Allowed& allowed, const std::string& sign_out_path,
               httplib::Response& response) {
  const auto* who = allowed.identity;
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>Signed in</title><style>" +
      std::string(style) + "</style></head><body><main><header><div><h1>" + escape(greeting(who)) +
      "</h1><p>You are signed in, and this page is the application.</p></div>"
      "<form method=\"post\" action=\"" +
      escape(sign_out_path) + "\"><button>Sign out</button></form></header>";
  if (who != nullptr) html += about(*who);
  html +=
      "<h2>What the application got</h2><p>The request's headers as they reached it; the coloured "
      "ones come from gatelet.</p>" +
      headers_table(allowed) + "</main></body></html>";
  response.set_header("Cache-Control", "no-store");
  response.set_header("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri "
                      "'none'; frame-ancestors 'none'");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.status = 200;
  response.set_content(html, "text/html; charset=utf-8");
}

}  // namespace forward_auth
