#include "session/login_state.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "session/cookie_budget.hpp"
#include "session/cookie_value.hpp"
#include "session/msgpack.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t marker_size = 8;  // characters of the hashed state in a cookie's name
constexpr std::size_t max_scanned = 64;
constexpr std::string_view suffix = "_csrf";

bool is_base64url(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

http::CookieAttributes attributes_for(const SessionSettings& settings, std::string_view host,
                                      bool form_post) {
  auto attributes = cookie_attributes(settings, host);
  if (settings.login_state_same_site != http::SameSite::unset)
    attributes.same_site = settings.login_state_same_site;
  if (form_post) {  // the provider's page posts across sites
    attributes.same_site = http::SameSite::none;
    attributes.secure = true;
  }
  return attributes;
}

std::string write_record(const oidc::LoginState& state) {
  std::string out;
  out.reserve(256);  // the usual size, so that no secret is left behind in a smaller buffer
  msgpack::Writer writer(out);
  const bool has_nonce = !state.oidc_nonce.empty();
  const bool has_verifier = !state.code_verifier.empty();
  const bool has_provider = !state.provider_id.empty();
  writer.write_map(std::size_t{1} + has_nonce + has_verifier + has_provider);
  writer.write_text("s");
  writer.write_binary(state.state_nonce.reveal());
  if (has_nonce) {
    writer.write_text("n");
    writer.write_binary(state.oidc_nonce.reveal());
  }
  if (has_verifier) {
    writer.write_text("cv");
    writer.write_text(state.code_verifier.reveal());
  }
  if (has_provider) {
    writer.write_text("pid");
    writer.write_text(state.provider_id);
  }
  return out;
}

bool read_field(msgpack::Reader& reader, std::string_view key, oidc::LoginState& out) {
  std::string_view text;
  const bool is_ours = key == "s" || key == "n" || key == "cv" || key == "pid";
  if (!is_ours) return reader.skip();
  if (reader.take_nil()) return true;
  if (!reader.read(text)) return false;
  if (key == "s") out.state_nonce = Secret(text);
  if (key == "n") out.oidc_nonce = Secret(text);
  if (key == "cv") out.code_verifier = Secret(text);
  if (key == "pid") out.provider_id = text;
  return true;
}

// Nullopt also for a record without a state nonce: the reference takes the hash of an absent one
// for equal to an empty state.
std::optional<oidc::LoginState> read_record(std::string_view record) {
  oidc::LoginState state;
  msgpack::Reader reader(record);
  std::size_t num_keys = 0;
  if (!reader.read_map(num_keys)) return std::nullopt;
  for (; num_keys > 0; --num_keys) {
    std::string_view key;
    if (!reader.read(key) || !read_field(reader, key, state)) return std::nullopt;
  }
  if (!reader.at_end() || state.state_nonce.empty()) return std::nullopt;
  return state;
}

CookieValue value_of(const SessionSettings& settings, const http::CookieView& cookie) noexcept {
  return {{Purpose::login_state, cookie.name}, cookie.value, settings.login_state_expire};
}

std::optional<oidc::LoginState> open(const SessionSettings& settings, const CookieKeys& keys,
                                     const http::CookieView& cookie, Instant now) {
  BorrowedWorkspace workspace(keys.workspaces());
  const auto opened = open_value(settings, keys, value_of(settings, cookie), now, *workspace);
  if (!opened) return std::nullopt;
  return read_record(opened->content);
}

// NAME_<8 characters>_csrf.
bool is_of_a_request(std::string_view name, std::string_view candidate) noexcept {
  return candidate.size() == name.size() + 1 + marker_size + suffix.size() &&
         candidate.starts_with(name) && candidate[name.size()] == '_' &&
         candidate.ends_with(suffix) &&
         is_base64url(candidate.substr(name.size() + 1, marker_size));
}

struct Attempt {
  std::string_view name;
  std::int64_t begun;
  std::size_t size;  // in a request
};

// The other attempts under way in this browser, the oldest first. One that does not validate is
// older than any that does.
std::vector<Attempt> other_attempts(const SessionSettings& settings, const CookieKeys& keys,
                                    std::string_view own_name, std::span<const HeaderView> headers,
                                    Instant now) {
  std::vector<Attempt> attempts;
  http::CookieReader reader(headers);
  http::CookieView cookie;
  while (attempts.size() < max_scanned && reader.next(cookie)) {
    if (cookie.name == own_name || !is_of_a_request(settings.cookie_name, cookie.name)) continue;
    if (std::any_of(attempts.begin(), attempts.end(),
                    [&](const auto& one) { return one.name == cookie.name; }))
      continue;
    const auto begun = check_value(settings, keys, value_of(settings, cookie), now);
    attempts.push_back({cookie.name, begun ? *begun : std::numeric_limits<std::int64_t>::min(),
                        size_in_request(cookie.name, cookie.value)});
  }
  std::stable_sort(attempts.begin(), attempts.end(),
                   [](const auto& a, const auto& b) { return a.begun < b.begun; });
  return attempts;
}

void expire_without_room(std::span<const Attempt> oldest_first, AttemptRoom room,
                         const http::CookieAttributes& attributes, std::vector<std::string>& out) {
  std::size_t bytes = 0;
  for (const auto& one : oldest_first) bytes += one.size;
  for (const auto& one : oldest_first) {
    if (oldest_first.size() <= room.num_attempts && bytes <= room.bytes) return;
    http::write_set_cookie(one.name, {}, attributes, std::chrono::seconds(0), out.emplace_back());
    bytes -= one.size;
    if (room.num_attempts != no_limit) ++room.num_attempts;
  }
}

}  // namespace

void expire_attempts(const SessionSettings& settings, const CookieKeys& keys, std::string_view host,
                     std::span<const HeaderView> request_headers, const AttemptRoom& room,
                     Instant now, std::vector<std::string>& out) {
  if (room.num_attempts == no_limit && room.bytes == no_limit) return;
  const auto attempts = other_attempts(settings, keys, {}, request_headers, now);
  expire_without_room(attempts, room, attributes_for(settings, host, false), out);
}

std::string login_state_name(const SessionSettings& settings, std::string_view hashed_state) {
  auto name = settings.cookie_name;
  const auto marker = hashed_state.substr(0, marker_size);
  if (settings.login_state_per_request && marker.size() == marker_size && is_base64url(marker))
    name.append("_").append(marker);
  return name.append(suffix);
}

Result<std::vector<std::string>> write_login_state(
    const SessionSettings& settings, const CookieKeys& keys, const oidc::LoginState& state,
    std::string_view hashed_state, std::string_view host,
    std::span<const HeaderView> request_headers, bool form_post, Instant now, Entropy& entropy) {
  const auto name = login_state_name(settings, hashed_state);
  auto record = write_record(state);
  const auto value =
      seal_value(settings, keys, {Purpose::login_state, name}, record, now.unix_seconds(), entropy);
  wipe(record);
  if (!value) return value.error();

  const auto attributes = attributes_for(settings, host, form_post);
  std::optional<std::chrono::seconds> max_age;
  if (settings.login_state_expire != std::chrono::seconds(0)) max_age = settings.login_state_expire;
  std::vector<std::string> out(1);
  http::write_set_cookie(name, *value, attributes, max_age, out.front());

  const auto limit = settings.login_state_limit;
  if (!settings.login_state_per_request || (limit == 0 && settings.cookie_budget == 0)) return out;
  const auto taken = session_size(settings, request_headers) + size_in_request(name, *value);
  const AttemptRoom room{limit == 0 ? no_limit : limit - 1, room_beside(settings, taken)};
  const auto others = other_attempts(settings, keys, name, request_headers, now);
  expire_without_room(others, room, attributes, out);
  return out;
}

Result<oidc::LoginState> open_login_state(const SessionSettings& settings, const CookieKeys& keys,
                                          std::string_view hashed_state,
                                          std::span<const HeaderView> request_headers,
                                          Instant now) {
  const auto name = login_state_name(settings, hashed_state);
  std::size_t num_tried = 0;
  http::CookieReader reader(request_headers);
  http::CookieView cookie;
  while (num_tried < max_scanned && reader.next(cookie)) {
    if (cookie.name != name) continue;
    if (auto state = open(settings, keys, cookie, now)) return std::move(*state);
    ++num_tried;
  }
  return Error{Status::state_missing,
               num_tried == 0 ? "no login-state cookie came: start the sign-in again"
                              : "the login-state cookie is damaged or too old: start again"};
}

std::string clear_login_state(const SessionSettings& settings, std::string_view hashed_state,
                              std::string_view host, bool form_post) {
  std::string out;
  http::write_set_cookie(login_state_name(settings, hashed_state), {},
                         attributes_for(settings, host, form_post), std::chrono::seconds(0), out);
  return out;
}

}  // namespace gatelet::session
