// A Session is what gatelet knows of a signed-in person between two requests. Immutable once
// shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "session/msgpack.hpp"

namespace gatelet::session {

struct Ticket;  // session/ticket.hpp

// A moment as the record keeps it. Go's zero time (year 1) reads as absent.
struct Timestamp {
  std::int64_t seconds = 0;  // since 1970
  std::uint32_t nanos = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

// What application code keeps in a session, by name, and when that was last changed
// (session/host_data.hpp).
struct HostData {
  std::vector<std::pair<std::string, std::string>> values;
  std::optional<Timestamp> changed_at;
  friend bool operator==(const HostData&, const HostData&) = default;
};

struct Session {
  std::optional<Timestamp> created_at;  // of the session, or of its last refresh
  std::optional<Timestamp> expires_on;  // of the tokens
  Secret access_token, id_token, refresh_token;
  std::string nonce;  // raw bytes
  std::string email;
  std::string user;  // the subject
  std::vector<std::string> groups;
  std::string preferred_username;
  std::vector<std::pair<std::string, msgpack::Value>> additional_claims;

  // Beyond oauth2-proxy's record; written only where they say something, ignored by its reader.
  std::string provider_id;  // `pid`; empty for a password, and where it is the only one in
                            // oauth2-proxy's format
  std::optional<bool> email_verified;  // `ev`
  bool groups_complete = true;         // `gi` (incomplete) when false
  std::optional<Timestamp>
      signed_in_at;  // `si`: created_at of the login itself, kept across refreshes
  std::optional<Timestamp>
      last_used;  // `la`: noted now and then with session_idle_timeout; absent: created_at
  std::shared_ptr<const HostData> data;  // `hd`, `ha`; null: never any

  // `hp`: of somebody who signed in with a password: the line of htpasswd_file, password and all
  // (policy/htpasswd.hpp). Such a session has no tokens.
  Secret password_mark;

  // Not in the record: when the session ends at the latest, set by whoever opened it; absent:
  // never.
  std::optional<Timestamp> ends_at;

  // Not in the record either: what opened it, where it is kept in a store; null: it is in cookies.
  std::shared_ptr<const Ticket> ticket;
};

}  // namespace gatelet::session
