// The deny list: people whose sessions are over, up to a moment, wherever those sessions are.
//
// A copied cookie cannot be called back, and a record in a store may be one that no index knows:
// this list is what ends them. One sealed value holds all of it, so that every process reads it
// whole and keeps it in memory; with a store it stands there, once for each secret and sealed by
// it, so that processes whose secrets differ while they are being replaced read the same. Nothing
// here touches a store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"
#include "session/subject.hpp"

namespace gatelet::session {

struct Denial {
  Subject subject;
  Timestamp until;                     // sessions signed in until here are over
  std::optional<Timestamp> forget_at;  // no session of before lives longer; absent: never
  // Who ended all the others keeps this one: by its ticket, or by its sign-in where it is in
  // cookies. With a ticket the sign-in tells which earlier denials had ended it; absent: not known.
  std::string kept_ticket;
  std::optional<Timestamp> kept_sign_in;

  friend bool operator==(const Denial&, const Denial&) = default;
};

// By subject, one each. Immutable once shared.
class DenyList {
 public:
  static constexpr std::size_t max_denials = 4096;
  using Key = std::pair<std::string_view, std::string_view>;  // provider and subject

  DenyList() = default;
  explicit DenyList(std::vector<Denial> denials);

  bool empty() const noexcept { return denials_.empty(); }
  const std::vector<Denial>& denials() const noexcept { return denials_; }

  // The session is over. Allocates nothing.
  bool covers(const Session& session) const noexcept;

  // Whoever ended all of a person's sessions kept this one. Allocates nothing.
  bool keeps(const Session& session) const noexcept;

  // With more; those that may be forgotten go. The later of two for one subject counts, and what an
  // earlier one kept is kept no longer. It keeps what signed in after the earlier one or was kept
  // by both, and nothing else: what was ended is not revived.
  //   Failure: Status::invalid_state when there would be more than max_denials.
  Result<DenyList> with(std::vector<Denial> more, Timestamp now) const;

  // Both together.
  DenyList merged(const DenyList& other) const;

  // Those that `other` has not, nor a later one of the same subject that revives nothing; none that
  // may be forgotten.
  std::vector<Denial> beyond(const DenyList& other, Timestamp now) const;

  // Null: there is none.
  const Denial* find(const Key& key) const noexcept;

 private:
  std::vector<Denial> denials_;  // by subject
};

// Where a store keeps it: a key for each secret, the current one first.
//   Failure: Status::internal.
Result<std::vector<std::string>> deny_list_keys(const SessionSettings&, const CookieKeys&);

// Whether such a key may be one: what is told of a store's changes need not be about ours.
bool is_deny_list_key(std::string_view key) noexcept;

// What stands under the key of this number.
//   Failure: Status::invalid_state above 1023 KiB, which is what every store takes: with names of usual
//   length max_denials come first. Status::no_entropy or internal.
Result<std::string> seal_deny_list(const CookieKeys&, std::string_view key, std::size_t which,
                                   const DenyList&, Instant now, Entropy&);

//   Failure: Status::session_invalid; the text says which step refused, and nothing of the content.
Result<DenyList> open_deny_list(const CookieKeys&, std::string_view key, std::string_view record,
                                Instant now);

}  // namespace gatelet::session
