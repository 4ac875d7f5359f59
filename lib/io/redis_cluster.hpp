// The way to the primary of a cluster that has a key's slot.
//
// The map of slots is asked for at the first call, when a reply says that it has changed (MOVED,
// CLUSTERDOWN), and when a primary is lost; at most ten times a second. A slot that moved is
// followed at once. Servers that replies name are spoken to on the terms of the URLs.
//
// Who keeps what was read is told of changes by the primaries (io/redis_tracking.hpp), so it must
// hear which they are though no call asks: then the map is asked for every few seconds too, and
// nothing from before counts where none came for longer. That is at most a quarter of the time
// which what was read may be believed: a primary that lost the others, and was replaced, still says
// that nothing changed and has its old map; the next one to be asked is another. A server that a
// slot is moving to (ASK) is one of the primaries meanwhile.
//
// What a broken or hostile server can do is bounded: so many servers, so many redirections of a
// call (which whoever has the call counts), so many maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "io/redis_inquiry.hpp"
#include "io/redis_route.hpp"

namespace gatelet::io {

class RedisCluster final : public RedisRoute {
 public:
  static constexpr std::size_t max_servers = 1024;

  // Opens nothing yet.
  RedisCluster(RedisPlan plan, RedisServers& servers);

  Result<RedisConnection*> choose(std::string_view key, Deadline now,
                                  std::optional<Deadline> lost_at) override;
  Result<RedisAdvice> heed(const RedisReply& error, std::string_view key, RedisConnection& from,
                           Deadline now) override;

  void take_answer(Id id, RedisConnection& from, const RedisReply& reply, Deadline now) override {
    inquiry_.take_answer(id, from, reply, now);
  }
  void take_lost(Id id, const Error& why, Deadline now) override {
    inquiry_.take_lost(id, why, now);
  }
  void note_closed(const RedisPool* pool, const RedisConnection& closed, Deadline now) override;
  void serve(Deadline now) override;
  void keep_current(Duration max_staleness) override;
  std::optional<Deadline> next_deadline() const override;
  std::uint64_t num_findings() const noexcept override { return inquiry_.num_rounds(); }

 private:
  using Name = std::pair<std::string, std::uint16_t>;
  struct Server {
    RedisPool* pool;
    bool is_configured;
    bool has_slots = false;
    std::optional<Deadline> importing_until{};  // a slot is moving there
    bool is_primary() const noexcept { return has_slots || importing_until; }
  };
  using Slots = std::vector<RedisPool*>;  // null: nobody's, as far as we know

  Result<Server*> server_at(const RedisAddress& address);
  void ask_for_map(Deadline now);
  Result<void> take_map(RedisConnection& from, const RedisReply& reply);
  bool settle(Slots slots);
  bool end_imports(Deadline now);
  void name_primaries();
  void leave_strangers();
  Result<RedisAdvice> ask_at(Server& server, Deadline now);
  Result<RedisAdvice> follow(const RedisRedirect& redirect, Deadline now);

  RedisServers& servers_;
  const RedisTerms terms_;
  std::map<Name, Server> by_name_;
  Slots slots_;
  RedisPool* moved_to_ = nullptr;  // who knows best of a change
  RedisInquiry inquiry_;
  std::minstd_rand jitter_;
  const RedisEndpoint* mapped_by_ = nullptr;  // whose map is the last; perhaps gone since
  bool is_kept_current_ = false;
  Duration keep_every_{};  // while it is: a map at least so often
  Deadline map_due_;
  bool has_map_ = false;
  bool wants_map_ = false;  // as soon as one may be asked for
};

}  // namespace gatelet::io
