// The index of one person's sessions in a store: what lists and ends them without their browsers.
//
// It stands beside the records, under a key of its own, sealed by the key ring: whoever reads the
// store learns neither whose it is nor what is in it. It holds no secret that opens a record; a
// record is opened by its ticket only. Nothing here touches a store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"
#include "session/subject.hpp"

namespace gatelet::session {

struct IndexEntry {
  std::string ticket_id;
  Timestamp signed_in_at;
  Timestamp seen_at;                 // when the entry was written: at sign-in and at each refresh
  std::optional<Timestamp> ends_at;  // as far as was known then; absent: never
  std::string client;                // the address the sign-in came from
  std::string user_agent;            // what its browser called itself, cut to max_user_agent_size

  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

constexpr std::size_t max_index_entries = 512;  // of one person; the oldest sign-in goes first
constexpr std::size_t max_user_agent_size = 256;

// The store keys of a person's index: the one to write, and those that were written under earlier
// secrets.
//   Failure: Status::internal.
Result<std::vector<std::string>> index_keys(const SessionSettings&, const CookieKeys&,
                                            const Subject&);

//   Failure: Status::no_entropy or internal.
Result<std::string> seal_index(const CookieKeys&, std::string_view key,
                               const std::vector<IndexEntry>&, Instant now, Entropy&);

// Opens what the store gave for the key.
//   Failure: Status::session_invalid; the text says which step refused, and nothing of the content.
Result<std::vector<IndexEntry>> open_index(const CookieKeys&, std::string_view key,
                                           std::string_view record, Instant now);

// Adds the entry, in the place of one with the same ticket, whose client and browser stay where the
// new one names none; entries that have ended go.
void put_entry(std::vector<IndexEntry>& entries, IndexEntry entry, Timestamp now);

}  // namespace gatelet::session
