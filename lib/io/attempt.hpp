// What a step of the loop throws, as an Error: no exception leaves a thread of the library's, which
// would end the process.
#pragma once

#include <new>
#include <optional>

#include "base/result.hpp"

namespace gatelet::io {

// Does `step`. Nothing: it was done. The texts are short enough to need no memory.
template <class Step>
std::optional<Error> attempt(Step&& step) noexcept {
  try {
    step();
    return std::nullopt;
  } catch (const std::bad_alloc&) {
    return Error{Status::out_of_memory, "memory ran out"};
  } catch (...) {
    return Error{Status::internal, "exception"};
  }
}

}  // namespace gatelet::io
