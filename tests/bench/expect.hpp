// A benchmark that does something else than it says measures nothing: the program fails then.
#pragma once

#include <benchmark/benchmark.h>

namespace gatelet::bench {

void give_up(benchmark::State& state, const char* why);
bool all_did_as_expected() noexcept;

}  // namespace gatelet::bench
