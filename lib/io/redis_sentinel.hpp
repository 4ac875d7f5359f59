// The way to a primary that Sentinels watch over.
//
// They are asked who it is: at the first call, while there are calls every half second, where what
// was read is kept every second besides, or every quarter of the time which that may be believed
// (an old primary may go on telling that nothing changed), and as soon as a connection to the
// primary was lost or it says that it takes no writes any more. Whoever they name is asked by ROLE
// on every connection before anything else: an old primary that was demoted is not written to,
// whatever a Sentinel that missed it says; then another one is asked. While nothing is wrong with
// the primary they are asked in turn, each round another, and where one names somebody else it
// takes most of them to be believed: one that is cut off with an old primary tells of it for ever.
//
// While Sentinels cannot be reached the primary known last stays in use. Only those that were
// configured are asked; what they know of other Sentinels is not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/redis_inquiry.hpp"
#include "io/redis_route.hpp"

namespace gatelet::io {

class RedisSentinel final : public RedisRoute {
 public:
  // Opens nothing yet.
  RedisSentinel(RedisPlan plan, RedisServers& servers);

  Result<RedisConnection*> choose(std::string_view key, Deadline now,
                                  std::optional<Deadline> lost_at) override;
  Result<RedisAdvice> heed(const RedisReply& error, std::string_view key, RedisConnection& from,
                           Deadline now) override;

  void take_answer(Id id, RedisConnection& from, const RedisReply& reply, Deadline now) override;
  void take_lost(Id id, const Error& why, Deadline now) override;
  void note_closed(const RedisPool* pool, const RedisConnection& closed, Deadline now) override;
  void serve(Deadline now) override;
  void keep_current(Duration max_staleness) override;
  std::optional<Deadline> next_deadline() const override;
  std::uint64_t num_findings() const noexcept override { return inquiry_.num_rounds(); }

 private:
  void ask(Deadline now);
  Deadline due_at() const;  // without calls; requires primary_
  Result<void> take(RedisConnection& from, const RedisReply& reply);
  bool counts(const RedisAddress& address);
  Result<void> turn_to(const RedisAddress& address);
  bool is_in_doubt(Deadline now) const;
  void note_end(std::uint64_t num_before, Deadline now);

  RedisServers& servers_;
  const RedisTerms terms_;
  const std::string command_;
  std::vector<RedisPool*> sentinels_;  // the one to be asked first in front
  RedisInquiry inquiry_;

  RedisPool* primary_ = nullptr;
  RedisAddress address_;              // its
  bool is_certain_ = false;           // in this round: nothing is wrong with it
  std::vector<RedisAddress> others_;  // what was named instead, in this round
  bool must_ask_ = false;             // before it is used again, as far as there is somebody to ask
  Deadline asked_at_;                 // when the last round ended
  bool is_kept_current_ = false;
  Duration ask_without_calls_every_{};  // while it is
};

}  // namespace gatelet::io
