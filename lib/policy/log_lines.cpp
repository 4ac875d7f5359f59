#include "policy/log_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "http/date.hpp"
#include "http/header.hpp"
#include "http/log_text.hpp"
#include "http/path.hpp"
#include "policy/free_pass.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::policy {
namespace {

using http::TemplateField;
using Kind = TemplateField::Kind;

constexpr std::array<TemplateField, 13> request_fields = {{{"Client"},
                                                           {"Host"},
                                                           {"Protocol"},
                                                           {"RequestDuration"},
                                                           {"RequestID"},
                                                           {"RequestMethod"},
                                                           {"RequestURI", Kind::ready},
                                                           {"ResponseSize"},
                                                           {"StatusCode"},
                                                           {"Timestamp"},
                                                           {"Upstream"},
                                                           {"UserAgent", Kind::ready},
                                                           {"Username"}}};
constexpr std::array<TemplateField, 10> auth_fields = {{{"Client"},
                                                        {"Host"},
                                                        {"Message", Kind::ready},
                                                        {"Protocol"},
                                                        {"RequestID"},
                                                        {"RequestMethod"},
                                                        {"Status"},
                                                        {"Timestamp"},
                                                        {"UserAgent", Kind::ready},
                                                        {"Username"}}};
constexpr std::array<TemplateField, 3> standard_fields = {
    {{"Timestamp"}, {"File"}, {"Message", Kind::ready}}};

constexpr std::size_t max_value_size = 2048;  // of anything a request brings

std::string_view cut(std::string_view text) noexcept { return text.substr(0, max_value_size); }

std::string_view or_dash(std::string_view text) noexcept { return text.empty() ? "-" : text; }

std::string timestamp(Instant at) { return http::date_text(at.unix_seconds(), '/'); }

std::string clean(std::string_view message) {
  std::string out;
  http::log_escape_controls(cut(message), out);
  return out;
}

// Seconds with three digits behind the point, rounded.
std::string duration_text(Duration took) {
  const auto milliseconds = std::max<std::int64_t>(
      0, std::chrono::floor<std::chrono::milliseconds>(took + 500us).count());
  const auto rest = std::to_string(milliseconds % 1000);
  return std::to_string(milliseconds / 1000) + "." + std::string(3 - rest.size(), '0') + rest;
}

// Of a target below proxy_prefix: each parameter's value but those that are no secret.
std::string without_secrets(std::string_view target) {
  constexpr std::array<std::string_view, 7> open = {"rd",
                                                    "provider",
                                                    "error",
                                                    "iss",
                                                    "allowed_groups",
                                                    "allowed_emails",
                                                    "allowed_email_domains"};
  const auto question = target.find('?');
  std::string out(target.substr(0, question));
  if (question == std::string_view::npos) return out;
  auto rest = target.substr(question + 1);
  for (char before = '?';; before = '&') {
    const auto end = rest.find_first_of("&;");
    const auto parameter = rest.substr(0, end);
    const auto name = parameter.substr(0, parameter.find('='));
    const bool is_open = std::find(open.begin(), open.end(), name) != open.end();
    out += before;
    out += is_open ? parameter : name;
    if (!is_open && name.size() < parameter.size()) out += "=***";
    if (end == std::string_view::npos) return out;
    rest.remove_prefix(end + 1);
  }
}

bool is_below(std::string_view path, const std::string& prefix) noexcept {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool is_told(const Policy& policy, std::string_view path, const RequestFacts* facts) {
  const auto& logging = policy.logging;
  if (!logging.requests) return false;
  const auto& excluded = logging.exclude_paths;
  if (!excluded.empty() &&
      std::find(excluded.begin(), excluded.end(), http::percent_decoded(path)) != excluded.end()) {
    return false;
  }
  if (!logging.silence_ping || facts == nullptr) return true;
  const auto endpoint = match_request(policy, *facts, true).endpoint;
  return endpoint != Endpoint::ping && endpoint != Endpoint::ready;
}

}  // namespace

std::span<const TemplateField> request_log_fields() noexcept { return request_fields; }
std::span<const TemplateField> auth_log_fields() noexcept { return auth_fields; }
std::span<const TemplateField> standard_log_fields() noexcept { return standard_fields; }

Asked asked_by(const Policy& policy, const RequestView& request, const RequestFacts* facts) {
  Asked out;
  out.client = cut(request.peer);
  out.host = cut(facts == nullptr ? request.host : facts->host);
  out.method = cut(request.method);
  if (facts != nullptr) {
    if (const auto ip = client_ip(policy, *facts)) out.client = http::ip_text(*ip);
  }
  const auto* agent = http::find_header(request.headers, "User-Agent");
  out.user_agent = http::log_quoted(agent == nullptr ? std::string_view() : cut(agent->value));
  return out;
}

std::string request_line(const Policy& policy, const RequestView& request,
                         const RequestFacts* facts, const Decision& decision, const Served& served,
                         Instant ended) {
  const auto path = request.target.substr(0, request.target.find('?'));
  const auto& format = policy.logging.request_format;
  if (!format || !is_told(policy, path, facts)) return {};
  const auto asked = asked_by(policy, request, facts);
  const auto target = cut(request.target);
  const auto uri = http::log_quoted(is_below(path, policy.proxy_prefix) ? without_secrets(target)
                                                                        : std::string(target));
  const auto took = duration_text(served.took);
  const auto size = std::to_string(served.body_size);
  const auto status = std::to_string(served.http_status);
  const auto begun = timestamp(ended - served.took);
  const std::array<http::TemplateValue, request_fields.size()> values = {
      asked.client,
      asked.host,
      or_dash(cut(served.protocol)),
      took,
      decision.request_id(),
      asked.method,
      uri,
      size,
      status,
      begun,
      or_dash(cut(served.upstream)),
      asked.user_agent,
      or_dash(cut(decision.person()))};
  return format->render(values);
}

AuthOutcome auth_outcome(Reason reason) noexcept {
  constexpr std::string_view success = "AuthSuccess", failure = "AuthFailure", error = "AuthError";
  switch (reason) {
    case Reason::signed_in: return {success, "Authenticated via OAuth2"};
    case Reason::not_permitted: return {failure, "Invalid authentication via OAuth2: unauthorized"};
    case Reason::vetoed: return {failure, "Invalid authentication via OAuth2: vetoed"};
    case Reason::state_missing:
      return {failure, "Invalid authentication via OAuth2: unable to obtain CSRF cookie"};
    case Reason::state_mismatch:
      return {failure, "Invalid authentication via OAuth2: CSRF token mismatch, potential attack"};
    case Reason::bad_callback:
    case Reason::issuer_mismatch:
    case Reason::login_denied:
    case Reason::token_rejected:
    case Reason::incomplete_identity: return {failure, "Invalid authentication via OAuth2"};
    case Reason::provider_failed:
    case Reason::provider_unavailable:
    case Reason::session_too_large:
    case Reason::store_unavailable: return {error, "Error during authentication via OAuth2"};
    case Reason::basic_rejected:
      return {failure, "Invalid authentication via basic auth: not in Htpasswd File"};
    case Reason::password_wrong: return {failure, "Invalid authentication via HtpasswdFile"};
    case Reason::undecided:
    case Reason::session:
    case Reason::basic:
    case Reason::session_refreshed:
    case Reason::bearer:
    case Reason::free_pass:
    case Reason::no_session:
    case Reason::session_invalid:
    case Reason::session_expired:
    case Reason::bearer_rejected:
    case Reason::session_revoked:
    case Reason::grant_ended:
    case Reason::login_started:
    case Reason::sign_in_page:
    case Reason::already_signed_in:
    case Reason::signed_out:
    case Reason::sign_out_question:
    case Reason::userinfo:
    case Reason::robots:
    case Reason::ping:
    case Reason::ready:
    case Reason::https_required:
    case Reason::bad_request:
    case Reason::method_not_allowed:
    case Reason::unknown_provider:
    case Reason::overloaded:
    case Reason::cancelled:
    case Reason::internal_error: return {};
  }
  unreachable();
}

std::string auth_line(const Policy& policy, const Asked& asked, const Decision& decision,
                      Instant now) {
  const auto& format = policy.logging.auth_format;
  const auto outcome = auth_outcome(decision.reason());
  if (!policy.logging.auth || !format || outcome.status.empty()) return {};
  auto message = std::string(outcome.message);
  if (!decision.detail().empty()) message.append(": ").append(decision.detail());
  message = clean(message);
  const auto at = timestamp(now);
  const std::array<http::TemplateValue, auth_fields.size()> values = {
      asked.client,
      asked.host,
      message,
      "-",
      decision.request_id(),
      asked.method,
      outcome.status,
      at,
      asked.user_agent,
      or_dash(cut(decision.person()))};
  return format->render(values);
}

std::string standard_line(const LoggingPolicy& logging, std::string_view source,
                          std::string_view message, Instant now) {
  if (!logging.standard || !logging.standard_format) return {};
  const auto at = timestamp(now);
  const auto said = clean(message);
  const std::array<http::TemplateValue, standard_fields.size()> values = {at, source, said};
  return logging.standard_format->render(values);
}

}  // namespace gatelet::policy
