#include "world.hpp"

#include <algorithm>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "flow/fetch_metadata.hpp"
#include "flow/load_session.hpp"
#include "oidc/callback.hpp"
#include "session/cookie_session.hpp"
#include "session/login_state.hpp"
#include "session/ticket.hpp"
#include "support/field_list.hpp"

namespace gatelet::support {
namespace {

constexpr std::string_view cookie_secret = "0123456789!bcdef0123456789!bcdef";
constexpr std::string_view host = "app.example";

std::string to_lower_hex_escapes(std::string_view text) {
  std::string out;
  for (const char c : text) out += "%" + to_hex({&c, 1});
  return out;
}

std::string to_standard_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

}  // namespace

void Browser::take(const Decision& answer) {
  for (const auto& cookie : set_cookies(answer)) {
    const auto equals = cookie.find('=');
    auto name = cookie.substr(0, equals);
    auto value = cookie.substr(equals + 1, cookie.find(';') - equals - 1);
    forget(name);
    if (cookie.find("Max-Age=0") == std::string::npos) put(std::move(name), std::move(value));
  }
}

void Browser::put(std::string name, std::string value) {
  cookies_.emplace_back(std::move(name), std::move(value));
}

void Browser::forget(std::string_view name) {
  std::erase_if(cookies_, [&](const auto& cookie) { return cookie.first == name; });
}

bool Browser::has(std::string_view name) const {
  return std::any_of(cookies_.begin(), cookies_.end(),
                     [&](const auto& cookie) { return cookie.first.starts_with(name); });
}

std::string Browser::header() const {
  std::string out;
  for (const auto& [name, value] : cookies_) {
    if (!out.empty()) out += "; ";
    out += name + "=" + value;
  }
  return out;
}

World::World() {
  context->cookie_keys = session::CookieKeys::make(Secret(cookie_secret)).value();
  context->entropy = std::make_shared<SeededEntropy>();
  state = provider.known(driver.now);
  driver.on_http = [this](const HttpCall& call, Instant now) -> Result<HttpReply> {
    return provider.answer(call, now);
  };
  driver.on_refetch = [this](const flow::Refetch& wanted) -> Result<flow::Refetched> {
    flow::FetchMetadata in(state);
    in.configured = provider.configured();
    in.entropy = context->entropy;
    in.keys_only = wanted.what == flow::Refetch::What::keys && state->has_metadata;
    ScriptedDriver own;
    own.on_http = driver.on_http;
    own.now = driver.now;
    auto fetched = own.run(flow::fetch_metadata(std::move(in)));
    if (!fetched.ok()) return std::move(fetched).error();
    state = std::make_shared<const oidc::ProviderState>(std::move(fetched).value());
    return flow::Refetched{state};
  };
}

std::shared_ptr<const policy::OwnedRequest> World::get(std::string_view target) const {
  const auto cookie = browser.header();
  std::vector<HeaderView> headers = {{"Host", host}};
  if (!cookie.empty()) headers.push_back({"Cookie", cookie});
  RequestView view;
  view.method = "GET";
  view.scheme = "https";
  view.host = host;
  view.target = target;
  view.peer = "203.0.113.7";
  view.headers = headers;
  const auto facts = policy::settle_request(view, context->policy);
  return policy::OwnedRequest::copy(view, facts.value());
}

std::string World::start(std::string_view target) {
  const auto request = get(target);
  const auto answer = flow::begin_login(*context, *state, request->facts(), {}, driver.now);
  browser.take(answer.value());
  return location_of(answer.value());
}

std::string World::approve(std::string_view location) {
  return provider.approve(location, driver.now);
}

Result<flow::FinishLogin> World::callback(std::string_view query) const {
  flow::FinishLogin in(context);
  auto params = http::parse_form(query);
  if (!params.ok()) return std::move(params).error();
  const auto* state_text = http::find(*params, "state");
  auto parsed =
      oidc::parse_state(state_text == nullptr ? "" : *state_text, context->session.encode_state);
  if (!parsed.ok()) return std::move(parsed).error();
  in.provider = state;
  in.request = get("/oauth2/callback?" + std::string(query));
  auto opened =
      session::open_login_state(context->session, *context->cookie_keys, parsed->hashed_state,
                                in.request->facts().headers, driver.now);
  if (!opened.ok()) return std::move(opened).error();
  in.params = std::move(params).value();
  in.state = std::move(opened).value();
  in.hashed_state = parsed->hashed_state;
  in.return_to = parsed->return_to;
  return in;
}

Result<Decision> World::finish(std::string_view query) {
  auto in = callback(query);
  if (!in.ok()) return std::move(in).error();
  auto answer = driver.run(flow::finish_login(std::move(in).value()));
  if (answer.ok()) browser.take(*answer);
  return answer;
}

session::Session World::sign_in() {
  const auto query = approve(start());
  const auto answer = finish(query);
  if (!answer.ok() || answer->reason() != Reason::signed_in) return {};
  auto opened = session();
  return opened.ok() ? std::move(opened).value() : session::Session();
}

Result<session::Session> World::session() const {
  const auto request = get("/");
  if (context->session.is_stored) {
    const auto tickets = flow::tickets_of(*context, request->facts().headers, driver.now);
    const auto record = tickets.empty() ? store.records.end() : store.records.find(tickets[0]->id);
    if (record == store.records.end()) return Error{Status::session_invalid, "no ticket"};
    auto opened =
        session::open_record(context->session, *context->gcm, *tickets[0], record->second);
    if (opened.ok()) opened->ticket = tickets[0];
    return opened;
  }
  const auto found = session::find_session_cookies(context->session, request->facts().headers);
  if (found.empty()) return Error{Status::session_invalid, "no cookie"};
  return session::open_session(context->session, *context->cookie_keys, found.front(), driver.now);
}

void World::keep_in_store() {
  context->session.is_stored = true;
  context->gcm = std::make_shared<const crypto::Gcm>(crypto::Gcm::make().value());
  driver.on_store = [this](const flow::StoreCall& call) { return store.answer(call); };
}

std::size_t World::num_sessions() const {
  return static_cast<std::size_t>(std::count_if(
      store.records.begin(), store.records.end(),
      [this](const auto& one) { return session::is_ticket_id(context->session, one.first); }));
}

std::string_view World::secret() { return cookie_secret; }

void World::keep_beside() {
  keep_in_store();
  context->session.is_stored = false;
  context->session.has_store_beside = true;
}

std::vector<std::string> set_cookies(const Decision& answer) {
  return values_of(answer.response(), "Set-Cookie");
}

bool expires_cookie(const Decision& answer, std::string_view name_prefix) {
  for (const auto& cookie : set_cookies(answer)) {
    const bool is_empty = cookie.find('=') + 1 == cookie.find(';');
    const bool is_over = cookie.find("Max-Age=0") != std::string::npos;
    if (cookie.starts_with(name_prefix) && is_empty && is_over) return true;
  }
  return false;
}

bool sets_cookie(const Decision& answer, std::string_view name_prefix) {
  for (const auto& cookie : set_cookies(answer)) {
    const bool is_over = cookie.find("Max-Age=0") != std::string::npos;
    if (cookie.starts_with(name_prefix) && !is_over) return true;
  }
  return false;
}

std::string location_of(const Decision& answer) { return value_of(answer.response(), "Location"); }

std::string whole(const Decision& answer) {
  std::string out = std::to_string(answer.http_status()) + "\n";
  for (const auto& [name, value] : answer.response()) {
    out.append(name).append(": ").append(value).append("\n");
  }
  for (const auto& [name, value] : answer.upstream()) {
    out.append(name).append(": ").append(value).append("\n");
  }
  return out.append(answer.body());
}

bool holds_canary(std::string_view text) {
  std::string_view secrets[] = {"canary", cookie_secret};
  for (const auto secret : secrets) {
    auto upper = to_lower_hex_escapes(secret);
    std::vector<std::string> forms = {std::string(secret), upper};
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    forms.push_back(upper);
    for (std::size_t offset = 0; offset < 3; ++offset) {
      // What base64 makes of the whole groups of three that lie inside the secret.
      const auto skipped = (3 - offset) % 3;
      const auto inside = secret.substr(skipped, (secret.size() - skipped) / 3 * 3);
      forms.push_back(base64url::encode(inside));
      forms.push_back(to_standard_alphabet(forms.back()));
    }
    for (const auto& form : forms) {
      if (text.find(form) != std::string_view::npos) return true;
    }
  }
  return false;
}

}  // namespace gatelet::support
