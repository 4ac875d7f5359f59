// What a fuzz target claims of its parser. A claim that does not hold ends the process, so that the
// fuzzer keeps the input.
#pragma once

inline void require(bool holds) {
  if (!holds) __builtin_trap();
}
