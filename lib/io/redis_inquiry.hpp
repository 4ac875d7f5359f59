// Asks one thing of servers that all should know it: one after the other, the next as soon as the
// one before has failed, or has not answered for a moment (who hangs is overtaken, not waited for),
// until one answers well. After a round in which none did there is a pause, as between attempts to
// connect.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "io/redis_pool.hpp"
#include "io/redis_reply.hpp"

namespace gatelet::io {

class RedisInquiry {
 public:
  using Id = RedisConnection::Id;
  struct Limits {
    Duration head_start{std::chrono::milliseconds(200)};  // of each before the next one
    Duration patience{std::chrono::seconds(2)};           // a round's, in all
    Duration rest{};                                      // after a round that went well
    Duration first_pause{std::chrono::milliseconds(20)};  // doubles with every failed round
    Duration longest_pause{std::chrono::milliseconds(500)};
  };
  // Takes the answer, or says why it is none; then the next is asked. Status::malformed: it cannot
  // have been said by whom we asked, and nothing more from there may be believed.
  using Take = std::function<Result<void>(RedisConnection& from, const RedisReply& reply)>;

  RedisInquiry(Limits limits, Take take, std::uint32_t seed);

  bool is_under_way() const noexcept { return is_under_way_; }
  bool may_begin(Deadline now) const noexcept { return !is_under_way_ && now >= may_begin_at_; }
  Deadline may_begin_at() const noexcept { return may_begin_at_; }  // once it is not under way

  // Requires may_begin(). `whom` must stay until the round ends, or its answer is taken.
  void begin(std::vector<RedisPool*> whom, std::string command, Deadline now);

  Deadline began() const noexcept { return began_; }
  std::uint64_t num_rounds() const noexcept { return num_rounds_; }  // that have ended
  bool has_failed() const noexcept { return num_failures_ > 0; }     // the last one
  const Error& problem() const noexcept { return problem_; }         // with the last that failed

  void take_answer(Id id, RedisConnection& from, const RedisReply& reply, Deadline now);
  void take_lost(Id id, const Error& why, Deadline now);
  void serve(Deadline now);
  std::optional<Deadline> next_deadline() const;

 private:
  struct Asked {
    Id id;
    const RedisConnection* connection;
  };

  void ask_next(Deadline now);
  bool remove(Id id);
  void withdraw_all();
  void end(bool is_well, Deadline now);

  const Limits limits_;
  const Take take_;
  std::minstd_rand jitter_;

  bool is_under_way_ = false;
  std::vector<RedisPool*> whom_;
  std::string command_;
  std::size_t next_ = 0;
  std::vector<Asked> asked_;  // and not answered
  Deadline began_, next_at_, ends_, may_begin_at_;

  Id last_ = 0;
  unsigned num_failures_ = 0;
  std::uint64_t num_rounds_ = 0;
  Error problem_;
};

}  // namespace gatelet::io
