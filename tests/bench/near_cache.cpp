// Sessions from a store that a process keeps: what a hit costs, and what they take of memory.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <string>
#include <vector>

#include "bench/expect.hpp"
#include "support/keeper.hpp"

namespace {

using namespace gatelet;

using support::Keeper;

// `num` sessions, asked for in turn.
void decide_kept_in_turn(benchmark::State& state, std::size_t token_size, int num) {
  Keeper keeper;
  std::vector<support::Request> requests;
  for (int i = 0; i < num; ++i) {
    requests.emplace_back("/app/page?x=1", std::vector<std::pair<std::string, std::string>>{
                                               {"Accept", "text/html"},
                                               {"User-Agent", "Mozilla/5.0"},
                                               {"Cookie", keeper.keep(token_size, i)}});
  }
  std::size_t next = 0;
  for (auto _ : state) {
    if (!keeper.allows(requests[next++ % requests.size()].view())) {
      return bench::give_up(state, "decided something else");
    }
  }
}

void decide_kept_session(benchmark::State& state) { decide_kept_in_turn(state, 2000, 64); }
BENCHMARK(decide_kept_session);

// More than are kept as they are, and small: each is packed when its turn comes.
void decide_packed_session(benchmark::State& state) {
  decide_kept_in_turn(state, 0, 2 * static_cast<int>(engine::SessionCache::max_recent));
}
BENCHMARK(decide_packed_session);

// As many that are not packed.
void decide_kept_sessions(benchmark::State& state) {
  decide_kept_in_turn(state, 2000, 2 * static_cast<int>(engine::SessionCache::max_recent));
}
BENCHMARK(decide_kept_sessions);

std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Not a time: what kept sessions take, beside what they may: 1.3 x their records, their cookies,
// and 200 bytes each.
void kept_sessions_heap(benchmark::State& state, std::size_t token_size, int num) {
  for (auto _ : state) {
    Keeper keeper;
    (void)keeper.keep(token_size, 0);
    keeper.record_bytes = keeper.cookie_bytes = 0;
    const auto before = heap_in_use();
    for (int i = 0; i < num; ++i) (void)keeper.keep(token_size, i);
    const auto each = [num](double bytes) { return bytes / num; };
    const auto records = static_cast<double>(keeper.record_bytes);
    const auto cookies = static_cast<double>(keeper.cookie_bytes);
    state.counters["bytes"] = each(static_cast<double>(heap_in_use() - before));
    state.counters["allowed"] = each(1.3 * records + cookies) + 200;
    state.counters["record"] = each(records);
    state.counters["cookie"] = each(cookies);
  }
}
void kept_sessions_with_tokens_heap(benchmark::State& state) {
  kept_sessions_heap(state, 2000, static_cast<int>(state.range(0)));
}
BENCHMARK(kept_sessions_with_tokens_heap)->Arg(100'000)->Iterations(1);
void kept_sessions_without_tokens_heap(benchmark::State& state) {
  kept_sessions_heap(state, 0, static_cast<int>(state.range(0)));
}
BENCHMARK(kept_sessions_without_tokens_heap)->Arg(100'000)->Iterations(1);

}  // namespace
