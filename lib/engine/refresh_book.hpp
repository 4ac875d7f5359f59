// What this process knows of refreshes: results of late, and providers that should be left alone
// for a moment.
//
// A provider that rotates refresh tokens revokes the whole grant when an old one comes back.
// Browsers send several requests at once, and abort some: requests that still carry the replaced
// cookie must get the new session without a second grant. So a result stays here under the refresh
// token it replaced until 60 s after the new cookie was first seen, an hour at most, within a bound
// of bytes. Where an answer may bring the old cookie back, written anew, it stays for the hour.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "base/result.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

// Stands for the store beside sessions in cookies where providers have their ids: while it is in
// trouble, what can wait does, and no request waits for the store's answer.
inline constexpr std::string_view store_beside = "\nstore";
// The same for its deny list. A store that can be read may still take no writes: that it gives the
// list ends no trouble with renewals.
inline constexpr std::string_view deny_list_beside = "\ndeny list";

class RefreshBook {
 public:
  explicit RefreshBook(const std::array<unsigned char, 16>& hash_key,
                       std::size_t max_bytes = 16 * 1024 * 1024);

  struct Known {
    std::shared_ptr<const session::Session> newer;  // the newest that replaced it; null: itself
    bool is_over = false;                           // its grant ended, or it was signed out
  };
  // What is known of a session. Also notes that it was seen.
  //   Allocates nothing; costs one relaxed load while the book is empty.
  Known look_up(const session::Session& session, Instant now);

  // The same of a session that was not seen, but is known here.
  bool is_over(const session::Session& session, Instant now);

  // Keeps the new session, with the data that was written into the old one meanwhile, and returns
  // it so. Null, and nothing kept, when either of them is over by now: then the new one must not be
  // used. `comes_back`: uses are noted in cookies, so that an answer that is slow, to a request of
  // before, may bring the old one back to the browser after the new one was seen.
  [[nodiscard]] std::shared_ptr<const session::Session> record(
      const session::Session& old, std::shared_ptr<const session::Session> renewed, Instant now,
      bool comes_back = false);

  // Replaces the newest known of a session in cookies by what `change` makes of it, which is asked
  // again when that is no longer the newest then: of changes side by side in this process none is
  // lost, as long as the session has a refresh token. Null when the session is over.
  //   Failure: that of `change`; nothing changed then.
  using Change =
      std::function<Result<std::shared_ptr<const session::Session>>(const session::Session&)>;
  Result<std::shared_ptr<const session::Session>> change(
      const std::shared_ptr<const session::Session>& session, const Change& change, Instant now);

  // The session, and whatever it replaced, is over: nobody gets in with its cookie here, and its
  // refresh token is not tried again for an hour. A session that begins later is not meant, even
  // when its provider hands out the same refresh token. A session in cookies without a refresh
  // token leaves no trace; one in a store is known by its ticket.
  void record_end(const session::Session& session, Instant now);

  // The same for whatever session this ticket opens.
  void record_ticket_end(std::string_view ticket_id, Instant now);

  // After trouble with a provider nothing is tried for a while: 1 s, doubling up to 30 s, until one
  // succeeds.
  bool may_try(std::string_view provider_id, Instant now) const;
  void note_trouble(std::string_view provider_id, Instant now);
  void note_success(std::string_view provider_id);

 private:
  struct End {
    session::Timestamp at;                      // sessions that began until here are over
    std::optional<session::Timestamp> sign_in;  // and all of this sign-in
  };
  struct Entry {
    std::uint64_t hash;  // of the replaced refresh token
    Secret replaced_token;
    std::string provider_id;
    std::shared_ptr<const session::Session> renewed;  // null: the grant is over
    End end;                                          // then
    Duration kept_until;                              // steady clock
    bool seen;                                        // the new session came back from a browser
    bool comes_back;                                  // the old one may, after that
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;
  Known follow(const session::Session& session, Instant now);
  Entries::iterator find_newer(const session::Session& session);
  void add_end(std::string_view key, std::string_view provider_id, const End& end, Instant now);
  bool has_ended(const session::Session& session, Instant now) const;
  void note_seen(const session::Session& session, Instant now);
  Entry replacing(const session::Session& old, std::shared_ptr<const session::Session> renewed,
                  Instant now) const;
  void add(Entry entry, Instant now);
  void drop_old(Instant now);
  void erase(Entries::iterator entry);

  struct Trouble {
    Duration until;  // steady clock
    Duration pause;
  };

  const std::size_t max_bytes_;
  const KeyedHash hash_;
  std::atomic<std::size_t> num_entries_{0};

  mutable std::mutex mutex_;
  Entries entries_;                           // oldest first; this and all below guarded by mutex_
  Entries::iterator sweep_ = entries_.end();  // the next to be looked at, whether it is old
  std::unordered_multimap<std::uint64_t, Entries::iterator> by_hash_;
  std::unordered_map<std::uint64_t, Entries::iterator> by_new_token_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, Trouble> troubles_;
};

}  // namespace gatelet::engine
