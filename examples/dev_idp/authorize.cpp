// The authorization endpoint (OpenID Connect Core 3.1.2) and the pages a person answers it on.
#include <algorithm>
#include <sstream>

#include "encoding.hpp"
#include "pages.hpp"
#include "provider.hpp"

namespace dev_idp {
namespace {

constexpr const char* cookie_name = "dev_idp_session";

std::string cookie_of(const httplib::Request& request) {
  std::istringstream fields(request.get_header_value("Cookie"));
  for (std::string each; std::getline(fields, each, ';');) {
    each.erase(0, each.find_first_not_of(' '));
    if (each.rfind(std::string(cookie_name) + '=', 0) == 0)
      return each.substr(std::string(cookie_name).size() + 1);
  }
  return {};
}

void keep_session(Provider& provider, httplib::Response& response, const Logins::Session& session) {
  response.set_header("Set-Cookie", std::string(cookie_name) + '=' +
                                        provider.logins.open_session(session) +
                                        "; Path=/; HttpOnly; SameSite=Lax");
}

bool is_allowed_redirect(const Options& options, const std::string& uri) {
  if (options.redirect_uris.empty()) return is_loopback_uri(uri);
  return std::count(options.redirect_uris.begin(), options.redirect_uris.end(), uri) == 1;
}

bool has_word(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

// The answer goes back the way that was asked for.
void send_back(Provider& provider, httplib::Response& response, const AuthRequest& asked,
               Fields fields) {
  auto& faults = provider.faults;
  if (!asked.state.empty() && !faults.take("answer-no-state")) {
    auto state = asked.state;
    if (faults.take("answer-wrong-state")) state.front() = state.front() == 'A' ? 'B' : 'A';
    fields.emplace_back("state", state);
    if (faults.take("answer-two-states")) fields.emplace_back("state", state);
  }
  if (!faults.take("answer-no-iss")) {
    fields.emplace_back(
        "iss", faults.take("answer-wrong-iss") ? "https://elsewhere.example" : provider.issuer);
  }
  if (asked.is_form_post) {
    answer_page(response, 200, form_post_page(asked.redirect_uri, fields));
  } else {
    redirect_to(response, with_query(asked.redirect_uri, fields));
  }
}

void send_error(Provider& provider, httplib::Response& response, const AuthRequest& asked,
                const std::string& error, const std::string& description) {
  if (error == "access_denied") provider.journal.count("denials");
  send_back(provider, response, asked, {{"error", error}, {"error_description", description}});
}

void send_code(Provider& provider, httplib::Response& response, const AuthRequest& asked,
               const Logins::Session& session) {
  if (provider.faults.take("answer-server-error")) {
    return send_error(provider, response, asked, "server_error", "as a mode wished");
  }
  provider.journal.count("sign_ins");
  const auto code = provider.grants.issue_code(asked, session.username, session.authenticated_at,
                                               now_seconds() + provider.options.code_lifetime);
  Fields fields;
  if (!provider.faults.take("answer-no-code")) fields.emplace_back("code", code);
  if (provider.faults.take("answer-two-codes")) fields.emplace_back("code", code);
  send_back(provider, response, asked, fields);
}

// Reads the request; a sentence for the person when the client cannot even be answered.
std::optional<std::string> read_request(const Provider& provider, const httplib::Request& request,
                                        AuthRequest& asked) {
  if (has_duplicates(request)) return "A parameter stands there twice.";
  if (parameter(request, "client_id") != provider.options.client_id)
    return "There is no such client here.";
  asked.redirect_uri = parameter(request, "redirect_uri").value_or("");
  if (!is_allowed_redirect(provider.options, asked.redirect_uri))
    return "This redirect_uri is not allowed.";
  asked.state = parameter(request, "state").value_or("");
  asked.scope = parameter(request, "scope").value_or("");
  asked.nonce = parameter(request, "nonce").value_or("");
  asked.challenge = parameter(request, "code_challenge").value_or("");
  asked.login_hint = parameter(request, "login_hint").value_or("");
  asked.is_form_post = parameter(request, "response_mode") == "form_post";
  const auto prompt = parameter(request, "prompt").value_or("");
  asked.asks_login = has_word(prompt, "login") || has_word(prompt, "select_account");
  asked.asks_consent = has_word(prompt, "consent");
  asked.is_silent = has_word(prompt, "none");
  return std::nullopt;
}

// What the client is told it asked wrongly.
std::optional<Refusal> find_mistake(const Provider& provider, const httplib::Request& request,
                                    const AuthRequest& asked) {
  const auto method = parameter(request, "code_challenge_method").value_or("plain");
  const auto mode = parameter(request, "response_mode").value_or("query");
  if (parameter(request, "response_type") != "code")
    return Refusal{"unsupported_response_type", "only code"};
  if (!has_word(asked.scope, "openid")) return Refusal{"invalid_scope", "openid is missing"};
  if (mode != "query" && mode != "form_post")
    return Refusal{"invalid_request", "response_mode is unknown"};
  if (!asked.challenge.empty() && method != "S256")
    return Refusal{"invalid_request", "code_challenge_method must be S256"};
  if (asked.challenge.empty() && provider.options.requires_pkce)
    return Refusal{"invalid_request", "PKCE is required"};
  if (request.has_param("request") || request.has_param("request_uri")) {
    return Refusal{"request_not_supported", "no request objects"};
  }
  return std::nullopt;
}

void authorize(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  AuthRequest asked;
  if (const auto trouble = read_request(provider, request, asked)) {
    return answer_page(response, 400, notice_page("This cannot work", *trouble));
  }
  if (const auto mistake = find_mistake(provider, request, asked)) {
    return send_error(provider, response, asked, mistake->error, mistake->description);
  }

  const auto automatic = provider.logins.auto_answer();
  if (automatic.denies)
    return send_error(provider, response, asked, "access_denied", "denied by switch");
  if (!automatic.username.empty()) {
    return send_code(provider, response, asked, {automatic.username, now_seconds(), true});
  }

  const auto session = provider.logins.session(cookie_of(request));
  if (session && !asked.asks_login) {
    if (session->has_consented && !asked.asks_consent)
      return send_code(provider, response, asked, *session);
    if (asked.is_silent)
      return send_error(provider, response, asked, "consent_required", "nobody was asked yet");
    const auto attempt = provider.logins.begin(asked);
    provider.logins.choose(attempt, *session);
    return answer_page(response, 200,
                       consent_page(provider.options, *provider.options.user(session->username),
                                    provider.base_path + "/consent", attempt, asked.scope));
  }
  if (asked.is_silent)
    return send_error(provider, response, asked, "login_required", "nobody is signed in");
  const auto attempt = provider.logins.begin(asked);
  answer_page(
      response, 200,
      choose_page(provider.options, provider.base_path + "/choose", attempt, asked.login_hint));
}

void choose(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  const auto id = parameter(request, "attempt").value_or("");
  const auto attempt = provider.logins.find(id);
  const auto* user = provider.options.user(parameter(request, "username").value_or(""));
  if (!attempt || user == nullptr) {
    return answer_page(
        response, 400,
        notice_page("This sign-in is over", "Go back to the application and start again."));
  }
  provider.logins.choose(id, {user->username, now_seconds(), false});
  answer_page(response, 200,
              consent_page(provider.options, *user, provider.base_path + "/consent", id,
                           attempt->request.scope));
}

void consent(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  auto attempt = provider.logins.finish(parameter(request, "attempt").value_or(""));
  if (!attempt || attempt->session.username.empty()) {
    return answer_page(
        response, 400,
        notice_page("This sign-in is over", "Go back to the application and start again."));
  }
  if (parameter(request, "answer") != "allow") {
    return send_error(provider, response, attempt->request, "access_denied", "the person said no");
  }
  attempt->session.has_consented = true;
  keep_session(provider, response, attempt->session);
  send_code(provider, response, attempt->request, attempt->session);
}

}  // namespace

void add_authorize(httplib::Server& server, Provider& provider) {
  const auto at = [&](auto handler) {
    return endpoint(provider, "", [&provider, handler](const auto& request, auto& response) {
      handler(provider, request, response);
    });
  };
  server.Get(route(provider, "/authorize"), at(authorize));
  server.Post(route(provider, "/authorize"), at(authorize));
  server.Post(route(provider, "/choose"), at(choose));
  server.Post(route(provider, "/consent"), at(consent));
}

}  // namespace dev_idp
