// Replies of Redis (RESP2), read from bytes as they come: no socket, no clock.
//
// hiredis reads the protocol; how deep, how many and how large is decided here, before memory is
// taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace gatelet::io {

struct RedisReply {
  enum class Type : std::uint8_t {
    nil,
    status,
    error,
    string,
    integer,
    array,
    too_large,  // never read, its sender's own: what came was above max_reply_size
  };
  Type type = Type::nil;
  std::string text;  // of a status, an error, a string
  long long number = 0;
  std::vector<RedisReply> items;

  friend bool operator==(const RedisReply&, const RedisReply&) = default;
};

class RedisReplyReader {
 public:
  static constexpr std::size_t max_reply_size = 1024 * 1024;   // in bytes as sent
  static constexpr std::size_t max_elements = 16 * 1024;       // of all arrays of a reply together
  static constexpr std::size_t max_told_elements = 32 * 1024;  // of a message about changed keys
  // Of an answer that lists, as a map of slots: 24 for every range, of which there may be
  // thousands.
  static constexpr std::size_t max_listed_elements = 128 * 1024;
  static constexpr int max_depth = 4;  // 3 are needed (a cluster's slots)

  explicit RedisReplyReader(std::size_t element_limit = max_elements);
  ~RedisReplyReader();

  // From now on; a reply under way that has more already may have no further ones.
  void limit_elements(std::size_t element_limit) noexcept { element_limit_ = element_limit; }

  // Reads on. Behind what cannot be read nothing more is read: the bounds of replies are lost.
  void feed(std::string_view bytes);

  // The replies that are whole, in order; those before a fault too.
  std::optional<RedisReply> take();

  // Why nothing more is read; empty while all is well.
  std::string_view fault() const noexcept { return fault_; }
  bool is_too_large() const noexcept { return is_too_large_; }  // that is the fault

 private:
  struct Functions;  // what hiredis calls
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };

  void feed_piece(std::string_view piece);
  void fail(std::string_view why) noexcept;

  std::size_t element_limit_;
  std::unique_ptr<redisReader, Free> reader_;
  std::deque<RedisReply> whole_;
  RedisReply current_;            // grows while hiredis reads
  std::size_t num_elements_ = 0;  // of `current_`
  std::size_t unread_size_ = 0;   // bytes that belong to the reply under way
  std::string_view fault_;
  bool is_too_large_ = false;
};

}  // namespace gatelet::io
