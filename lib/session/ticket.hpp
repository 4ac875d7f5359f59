// Tickets: how a session in a store is found and opened. The record is in oauth2-proxy's format,
// byte by byte in README.md; the cookie in the format of the settings.
//
// The browser keeps the ticket, in one signed cookie; the store keeps the record, under the
// ticket's id and encrypted with the ticket's secret. Neither is worth anything without the other.
// Nothing here touches a store.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/gcm.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::session {

struct Ticket {
  std::string id;  // the key of its record in the store; no secret, but of no use in a log
  Secret secret;   // the record's AES key: 16 bytes; older ones have 24 or 32
};

// A ticket nobody has seen before. A sign-in always makes one: with the ticket the browser came
// with, whoever planted that ticket would share the session. A refresh keeps it.
//   Failure: Status::no_entropy.
Result<Ticket> make_ticket(const SessionSettings&, Entropy&);

// True for NAME-<32 lower-case hexadecimal digits>. Nothing else is ever a key of ours: no other
// text out of a cookie reaches a store, and every key begins as those do whose changes the store is
// asked to tell.
bool is_ticket_id(const SessionSettings&, std::string_view id) noexcept;

// The key that whoever refreshes a ticket's session holds.
std::string lock_key(const Ticket&);
inline constexpr std::string_view lock_suffix = ".lock";  // what it ends with, and no record's key

// The cookies NAME of the request, best candidate first, at most 4. Parts are none: a ticket is
// never split.
//   newest_of_duplicates: the later time stamp first (a claim until open_ticket has checked it);
//   empty cookies do not count.
//   off: as the reference reads, the first one.
std::vector<SessionCookie> find_ticket_cookies(const SessionSettings&, std::span<const HeaderView>);

// Opens a value of either format, as a session's: seal or signature, age, form, id, secret. Joined
// parts are none. Whether there is a session is the store's to say.
//   Failure: Status::session_invalid; the text says which step refused, never a byte of the value.
Result<Ticket> open_ticket(const SessionSettings&, const CookieKeys&, const SessionCookie&,
                           Instant now);

// Set-Cookie values that store the ticket of `session`, and that expire every part of a session
// cookie which `request_headers` carry. Time stamp and Max-Age as write_session's.
//   Requires: created_at is set.
//   Failure: Status::no_entropy or internal.
Result<std::vector<std::string>> write_ticket(const SessionSettings&, const CookieKeys&,
                                              const Ticket&, const Session& session,
                                              std::string_view host,
                                              std::span<const HeaderView> request_headers, Entropy&,
                                              std::optional<Instant> now = {});

// Set-Cookie values that expire NAME, whether or not the request carries it, and every part it
// carries, with the same attributes: who moved from cookies to a store leaves nothing behind.
std::vector<std::string> clear_ticket(const SessionSettings&, std::string_view host,
                                      std::span<const HeaderView> request_headers);

// What the store keeps of a session: always with its tokens (session_cookie_minimal is about
// cookies), under a nonce of its own each time.
//   Requires: `ticket` comes from make_ticket or open_ticket.
//   Failure: Status::no_entropy or internal; Status::session_invalid above record_limit.
Result<std::string> seal_record(const SessionSettings&, const crypto::Gcm&, const Ticket&,
                                const Session&, Entropy&);

// Opens what the store gave for the ticket's id, in place: `sealed` is wiped afterwards. `ends_at`
// is set: who puts an older record back does not lengthen a session.
//   Requires: `ticket` comes from make_ticket or open_ticket.
//   Failure: Status::session_invalid; the text says which step refused, and nothing of the record.
Result<Session> open_record(const SessionSettings&, const crypto::Gcm&, const Ticket&,
                            std::string sealed);

}  // namespace gatelet::session
