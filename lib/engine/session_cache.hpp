// Sessions opened before, found by the cookies or the bearer token that carried them: a browser,
// and a program, sends the same with every request.
//
// An entry holds the opened session and the bytes it came from, never a decision. A keyed hash
// finds it, the bytes confirm it. Only what had a signature that held gets in, so strangers cannot
// fill or aim at the table. Bounded in bytes, oldest use out first.
//
// The sessions used last are kept as they are: a hit copies nothing. Of the others those are packed
// whose tokens are not most of what they take, which halves that, and made anew when they are asked
// for.
//
// A session from a store is the one exception to "the bytes never change": its record may. It is
// found only while the store tells of changes, and not after the store told of one; nor is a
// session kept that was read before such a change and arrives after it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "base/secret.hpp"
#include "engine/record_changes.hpp"
#include "http/cookie.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

// What a session in memory takes, about: its texts, and what else grows with it.
std::size_t bytes_of(const session::Session& session) noexcept;

// The session cookies of one request as they stand there: NAME, NAME_0, NAME_1, ... in order,
// duplicates kept, illegal values too. Views only.
class CookieImage {
 public:
  // One scan of the cookies; allocates nothing.
  CookieImage(std::span<const HeaderView> headers, std::string_view cookie_name) noexcept;

  bool empty() const noexcept { return count_ == 0 && !too_many_; }
  bool fits() const noexcept { return count_ > 0 && !too_many_; }  // few enough to be looked up

  // The value when there is one cookie of this name and no part: what most browsers send. Illegal
  // ones open to nothing.
  std::optional<std::string_view> lone(std::string_view cookie_name) const noexcept;

  std::span<const http::CookieView> cookies() const noexcept { return {parts_.data(), count_}; }

  std::uint64_t hash(const KeyedHash& hash, std::uint64_t generation) const noexcept;
  bool equals(std::string_view kept) const noexcept;
  Secret keep() const;  // the bytes that equals() compares

 private:
  static constexpr std::size_t max_parts = 24;
  std::array<http::CookieView, max_parts> parts_{};
  std::size_t count_ = 0;
  bool too_many_ = false;
};

// A bearer token as it stands in the request. A view only.
class TokenImage {
 public:
  explicit TokenImage(std::string_view token) noexcept : token_(token) {}

  bool fits() const noexcept { return !token_.empty(); }
  std::uint64_t hash(const KeyedHash& hash, std::uint64_t generation) const noexcept;
  bool equals(std::string_view kept) const noexcept;
  Secret keep() const;

 private:
  std::string_view token_;
};

class SessionCache {
 public:
  SessionCache(std::size_t max_bytes, const std::array<unsigned char, 16>& hash_key,
               std::size_t num_places = RecordChanges::enough_places);

  // The session these cookies opened to, or this token was verified as, under these settings.
  // Whether it still holds is the caller's to judge.
  //   Threads: any. Allocates only where the session was packed; null too where there is no memory
  //   for that.
  std::shared_ptr<const session::Session> find(const CookieImage& image,
                                               std::uint64_t generation) noexcept;
  // The same for a token or password; one is forgotten when the session is over, on whichever clock
  // that is earlier: a clock that is set back revives nothing.
  std::shared_ptr<const session::Session> find(const TokenImage& image, std::uint64_t generation,
                                               Instant now) noexcept;

  // The session these cookies' ticket opened. `max_staleness`: how long ago a change may have been
  // that was not told yet.
  std::shared_ptr<const session::Session> find_stored(const CookieImage& image,
                                                      std::uint64_t generation, Duration steady_now,
                                                      Duration max_staleness) noexcept;

  void insert(const CookieImage& image, std::uint64_t generation,
              std::shared_ptr<const session::Session> session);
  void insert(const TokenImage& image, std::uint64_t generation,
              std::shared_ptr<const session::Session> session, Instant now);

  // `read_after`: changes().last() before the store was asked. `ask_again_at`: of the steady clock.
  //   Requires: session->ticket.
  void insert_stored(const CookieImage& image, std::uint64_t generation,
                     std::shared_ptr<const session::Session> session,
                     RecordChanges::Number read_after, Duration ask_again_at);

  // Where to note what the store tells.
  RecordChanges& changes() noexcept { return changes_; }
  const RecordChanges& changes() const noexcept { return changes_; }

  std::size_t size_bytes() const noexcept;

  // How many sessions are kept as they are, of those that are packed otherwise; about, since each
  // shard has its part of them.
  static constexpr std::size_t max_recent = 4096;

 private:
  // Of a session from a store; not of others.
  struct Origin {
    RecordChanges::Number read_after = 0;
    RecordChanges::Place place = none;
    static constexpr RecordChanges::Place none = ~RecordChanges::Place{0};
  };
  struct Entry {
    std::uint64_t hash;
    std::uint64_t generation;
    Secret text;  // the image's bytes; behind them the session, once it was packed
    std::shared_ptr<const session::Session> session;  // null: only packed
    Duration ends_at;                                 // on the steady clock
    // One behind the other, they fill words: a hundred thousand entries are kept.
    RecordChanges::Number read_after;
    RecordChanges::Place place;
    std::uint32_t image_size : 31;
    std::uint32_t is_recent : 1;

    std::string_view image() const noexcept { return text.reveal().substr(0, image_size); }
    std::string_view packed() const noexcept { return text.reveal().substr(image_size); }
    std::size_t bytes() const noexcept;  // what it takes, about
  };
  using Entries = std::list<Entry>;
  struct Shard {
    mutable std::mutex mutex;                      // guards all the others
    Entries entries;                               // most recently used first
    Entries::iterator first_past = entries.end();  // those before it are recent
    std::size_t num_recent = 0;
    std::unordered_map<std::uint64_t, Entries::iterator> by_hash;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t num_shards = 8;

  template <class Image>
  std::shared_ptr<const session::Session> find_image(const Image& image, std::uint64_t generation,
                                                     Duration steady_now) noexcept;
  template <class Image>
  void insert_image(const Image& image, std::uint64_t generation,
                    std::shared_ptr<const session::Session> session, Duration ends_at,
                    Origin origin);

  Shard& shard(std::uint64_t hash) noexcept { return shards_[hash >> 61]; }
  void make_room(Shard& shard, std::size_t bytes) noexcept;
  // Null: it is not here any more, or there was no memory.
  std::shared_ptr<const session::Session> open_again(Shard& shard,
                                                     Entries::iterator entry) noexcept;
  void use(Shard& shard, Entries::iterator entry) noexcept;  // it is the one used last
  void pack(Shard& shard, Entries::iterator entry) noexcept;
  static void evict(Shard& shard, Entries::iterator entry) noexcept;

  const std::size_t max_shard_bytes_;
  const KeyedHash hash_;
  RecordChanges changes_;
  std::array<Shard, num_shards> shards_;
};

}  // namespace gatelet::engine
