// Memory that runs out at will: malloc fails where a test says so, for hiredis and libcurl too. A
// program that has failing_malloc.cpp has this malloc instead of the system's.
#pragma once

#include <atomic>
#include <utility>

#include "io/attempt.hpp"

namespace gatelet::io::testing {

// While it lives the n-th allocation of the test's own thread fails, counted from its beginning.
class Failure {
 public:
  explicit Failure(long n) noexcept;
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;
  ~Failure();

  // None fails any more. Whether there were so many.
  bool end() noexcept;

 private:
  const long n_;
};

// The same for the threads that are not the test's own, taken together: counted down to the one
// that fails; 0: none does.
extern std::atomic<int> fail_elsewhere_at;

// What was allocated and not freed yet, in the whole program.
long num_live() noexcept;

// A step of whoever goes on after what it could not do for want of memory, as the loop does.
template <class Step>
bool step(Step&& what) {
  return !attempt(std::forward<Step>(what));
}

}  // namespace gatelet::io::testing
