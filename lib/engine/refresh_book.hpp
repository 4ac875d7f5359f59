// What this process knows of refreshes: results of late, and providers that should be left alone for a moment.
//
// A provider that rotates refresh tokens revokes the whole grant when an old one comes back. Browsers send several
// requests at once, and abort some: requests that still carry the replaced cookie must get the new session without a second
// grant. So a result stays here under the refresh token it replaced until 60 s after the new cookie was first seen, an
// hour at most, within a bound of bytes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

class RefreshBook {
 public:
  explicit RefreshBook(const std::array<unsigned char, 16>& hash_key, std::size_t max_bytes = 16 * 1024 * 1024);

  // The newest session that replaced this one; null when it is the newest known. Also notes that a session was seen.
  //   Allocates nothing; costs one relaxed load while the book is empty.
  std::shared_ptr<const session::Session> replacement_of(const session::Session& session, Instant now);

  void record(const session::Session& old, std::shared_ptr<const session::Session> renewed, Instant now);

  // After trouble with a provider nothing is tried for a while: 1 s, doubling up to 30 s, until a refresh succeeds.
  bool may_try(std::string_view provider_id, Instant now) const;
  void note_trouble(std::string_view provider_id, Instant now);
  void note_success(std::string_view provider_id);

 private:
  struct Entry {
    std::uint64_t hash;  // of the replaced refresh token
    Secret replaced_token;
    std::shared_ptr<const session::Session> renewed;
    Duration kept_until;  // steady clock
    bool seen;            // the new session came back from a browser
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;
  Entries::iterator find(const session::Session& session);
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
  Entries entries_;  // oldest first; this and all below guarded by mutex_
  std::unordered_multimap<std::uint64_t, Entries::iterator> by_hash_;
  std::unordered_map<std::uint64_t, Entries::iterator> by_new_token_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, Trouble> troubles_;
};

}  // namespace gatelet::engine
