// Sessions that must be read from Redis, 64 at once through the asynchronous API, beside what the
// same number of GETs costs that nobody looks at, sent in one go on one connection.
#include <benchmark/benchmark.h>
#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/expect.hpp"
#include "support/keeper.hpp"
#include "support/redis_process.hpp"

namespace {

using namespace gatelet;

constexpr std::size_t num_in_flight = 64;

using Connection = std::unique_ptr<redisContext, void (*)(redisContext*)>;

// Null: it does not come.
Connection connect_to(const support::RedisProcess& redis) {
  auto* made = redis.is_there() ? redisConnectUnix(redis.path().c_str()) : nullptr;
  if (made != nullptr && made->err == 0) return {made, redisFree};
  if (made != nullptr) redisFree(made);
  return {nullptr, redisFree};
}

struct Reply {
  explicit Reply(void* r) : reply(static_cast<redisReply*>(r)) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() {
    if (reply != nullptr) freeReplyObject(reply);
  }
  redisReply* reply;
};

// An engine on that Redis, and the sessions in it.
struct Stage {
  support::RedisProcess redis;
  Connection connection = connect_to(redis);
  std::unique_ptr<support::Keeper> keeper;
  std::vector<std::string> keys;
  std::vector<support::Request> requests;

  bool is_ready() {
    if (!connection) return false;
    const auto url = redis.url();
    keeper = std::make_unique<support::Keeper>(
        support::Keeper::Options{{"session_store_type", "redis"},
                                 {"redis_connection_url", url},
                                 {"session_cache_max_staleness", "0s"},
                                 {"driver", "caller"}});
    for (std::size_t i = 0; i < num_in_flight; ++i) {
      auto made = keeper->make(2000, static_cast<int>(i));
      const Reply set(redisCommand(connection.get(), "SET %s %b", made.key.c_str(),
                                   made.record.data(), made.record.size()));
      if (set.reply == nullptr || set.reply->type != REDIS_REPLY_STATUS) return false;
      keys.push_back(std::move(made.key));
      requests.emplace_back("/app/page?x=1",
                            std::vector<std::pair<std::string, std::string>>{
                                {"Accept", "text/html"}, {"Cookie", std::move(made.cookie)}});
    }
    return true;
  }
};

void decide_cold_tickets(benchmark::State& state) {
  Stage stage;
  if (!stage.is_ready()) return bench::give_up(state, "no redis-server");
  for (auto _ : state) {
    if (!stage.keeper->allows_all(stage.requests)) {
      return bench::give_up(state, "decided something else");
    }
  }
}
BENCHMARK(decide_cold_tickets)->UseRealTime();

void raw_pipelined_get(benchmark::State& state) {
  Stage stage;
  if (!stage.is_ready()) return bench::give_up(state, "no redis-server");
  auto* connection = stage.connection.get();
  for (auto _ : state) {
    for (const auto& key : stage.keys) redisAppendCommand(connection, "GET %s", key.c_str());
    for (std::size_t i = 0; i < stage.keys.size(); ++i) {
      void* reply = nullptr;
      redisGetReply(connection, &reply);
      const Reply got(reply);
      if (got.reply == nullptr || got.reply->type != REDIS_REPLY_STRING) {
        return bench::give_up(state, "no record came");
      }
    }
  }
}
BENCHMARK(raw_pipelined_get)->UseRealTime();

}  // namespace
