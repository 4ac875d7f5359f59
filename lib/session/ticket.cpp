#include "session/ticket.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "crypto/random.hpp"
#include "session/bounded_record.hpp"
#include "session/cookie_budget.hpp"
#include "session/cookie_expiry.hpp"
#include "session/cookie_split.hpp"
#include "session/cookie_value.hpp"
#include "session/login_state.hpp"

namespace gatelet::session {
namespace {

using crypto::Gcm;

constexpr std::size_t id_size = 16;  // random bytes, before they are hexadecimal
constexpr std::size_t secret_size = 16;
constexpr std::string_view version = "v2.";

Error refused(std::string text) { return {Status::session_invalid, std::move(text)}; }

bool is_hex_digit(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_aes_key_size(std::size_t size) noexcept { return size == 16 || size == 24 || size == 32; }

// The text of a ticket, apart but not decoded.
struct TicketFields {
  std::string id;
  std::string_view secret;
};

// `v2.` base64url(id) `.` secret, or the older `id.secret`, whose id has no dot.
std::optional<TicketFields> split_ticket(std::string_view text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto head = text.substr(0, dot);
  const auto secret = text.substr(dot + 1);
  if (head.find('.') == std::string_view::npos) return TicketFields{std::string(head), secret};
  if (!head.starts_with(version)) return std::nullopt;
  auto id = base64url::decode(head.substr(version.size()));
  if (!id) return std::nullopt;
  return TicketFields{std::move(*id), secret};
}

Result<Ticket> read_ticket(const SessionSettings& settings, std::string_view text) {
  auto fields = split_ticket(text);
  auto bytes = fields ? base64url::decode(fields->secret) : std::nullopt;
  if (!bytes) return refused("the ticket is not of the form v2.id.secret");
  Ticket ticket{std::move(fields->id), Secret(*bytes)};
  wipe(*bytes);
  if (!is_ticket_id(settings, ticket.id)) return refused("the ticket's id is none we give out");
  if (!is_aes_key_size(ticket.secret.size())) {
    return refused("the ticket's secret has " + std::to_string(ticket.secret.size()) +
                   " bytes instead of 16, 24 or 32");
  }
  return ticket;
}

// The inverse of read_ticket, for the form of today.
std::string write_text(const Ticket& ticket) {
  using base64url::Padding;
  std::string out;
  out.reserve(version.size() + base64url::encoded_size(ticket.id.size(), Padding::none) + 1 +
              base64url::encoded_size(ticket.secret.size(), Padding::none));
  out.append(version);
  base64url::encode(ticket.id, Padding::none, out);
  out.push_back('.');
  base64url::encode(ticket.secret.reveal(), Padding::none, out);
  return out;
}

std::vector<NamedCookie> as_cookie(const SessionSettings& settings, std::string_view value,
                                   const http::CookieAttributes& attributes,
                                   std::optional<std::chrono::seconds> max_age) {
  std::vector<NamedCookie> out{{settings.cookie_name, {}}};
  http::write_set_cookie(settings.cookie_name, value, attributes, max_age, out.front().set_cookie);
  return out;
}

}  // namespace

Result<Ticket> make_ticket(const SessionSettings& settings, Entropy& entropy) {
  auto random = crypto::random_bytes(entropy, id_size + secret_size);
  if (!random) return std::move(random).error();
  const std::string_view bytes = *random;
  Ticket ticket{settings.cookie_name + "-" + to_hex(bytes.substr(0, id_size)),
                Secret(bytes.substr(id_size))};
  wipe(*random);
  return ticket;
}

bool is_ticket_id(const SessionSettings& settings, std::string_view id) noexcept {
  const std::string_view name = settings.cookie_name;
  if (id.size() != name.size() + 1 + 2 * id_size) return false;
  const auto digits = id.substr(name.size() + 1);
  return id.starts_with(name) && id[name.size()] == '-' &&
         std::all_of(digits.begin(), digits.end(), is_hex_digit);
}

std::string lock_key(const Ticket& ticket) { return ticket.id + std::string(lock_suffix); }

Result<Ticket> open_ticket(const SessionSettings& settings, const CookieKeys& keys,
                           const SessionCookie& cookie, Instant now) {
  BorrowedWorkspace workspace(keys.workspaces());
  const CookieValue value{
      {Purpose::ticket, settings.cookie_name}, cookie.whole, settings.cookie_expire};
  const auto opened = open_value(settings, keys, value, now, *workspace);
  if (!opened) return opened.error();
  return read_ticket(settings, opened->content);
}

Result<std::vector<std::string>> write_ticket(const SessionSettings& settings,
                                              const CookieKeys& keys, const Ticket& ticket,
                                              const Session& session, std::string_view host,
                                              std::span<const HeaderView> request_headers,
                                              Entropy& entropy, std::optional<Instant> now) {
  if (!session.created_at) return Error{Status::internal, "a session without created_at"};
  auto text = write_text(ticket);
  const auto value = seal_value(settings, keys, {Purpose::ticket, settings.cookie_name}, text,
                                session.created_at->seconds, entropy);
  wipe(text);
  if (!value) return value.error();
  const auto attributes = cookie_attributes(settings, host);
  auto cookie = as_cookie(settings, *value, attributes, max_age(settings, session, now));
  const AttemptRoom room{no_limit, room_beside(settings, size_in_request(cookie))};
  auto lines = expire_others(settings, attributes, std::move(cookie), request_headers);
  const auto written = at_unix(session.created_at->seconds);
  expire_attempts(settings, keys, host, request_headers, room, written, lines);
  return lines;
}

std::vector<std::string> clear_ticket(const SessionSettings& settings, std::string_view host,
                                      std::span<const HeaderView> request_headers) {
  const auto attributes = cookie_attributes(settings, host);
  return expire_others(settings, attributes,
                       as_cookie(settings, {}, attributes, std::chrono::seconds(0)),
                       request_headers);
}

Result<std::string> seal_record(const SessionSettings& settings, const Gcm& gcm,
                                const Ticket& ticket, const Session& session, Entropy& entropy) {
  auto record = write_bounded_record(settings, session, true);
  if (!record) return record;
  auto sealed = crypto::random_bytes(entropy, Gcm::nonce_size);
  if (sealed) {
    const auto nonce = *sealed;
    sealed->reserve(Gcm::nonce_size + record->size() + Gcm::tag_size);
    auto done = gcm.seal(ticket.secret.reveal(), nonce, {}, *record, *sealed);
    if (!done) sealed = std::move(done).error();
  }
  wipe(*record);
  return sealed;
}

Result<Session> open_record(const SessionSettings& settings, const Gcm& gcm, const Ticket& ticket,
                            std::string sealed) {
  constexpr auto around = Gcm::nonce_size + Gcm::tag_size;
  if (sealed.size() < around) {
    return refused("the encrypted record has " + std::to_string(sealed.size()) +
                   " bytes, at least 28 were expected");
  }
  const auto record_size = sealed.size() - around;
  const std::string_view nonce(sealed.data(), Gcm::nonce_size);
  char* const text = sealed.data() + Gcm::nonce_size;
  if (record_size > settings.record_limit)
    return refused("the encrypted record is larger than session_limit allows");
  auto opened =
      gcm.open_in_place(ticket.secret.reveal(), nonce, {}, text, record_size + Gcm::tag_size);
  if (!opened) return std::move(opened).error();
  auto session = read_bounded_record(settings, {text, record_size});
  wipe(sealed);
  return session;
}

}  // namespace gatelet::session
