// An Operation is work in flight: an answer that needs the network.
//
// Use wait() from a thread of its own, or on_done() with Loop::dispatch from an event loop.
// Completions arrive exactly once and never inside the call that started them. Dropping an
// Operation cancels it: no callback runs afterwards. A step that may not be repeated (redeeming a
// code, a refresh) is carried to its end all the same.
#pragma once

#include <functional>
#include <memory>

#include <gatelet/ports.hpp>
#include <gatelet/result.hpp>
#include <gatelet/version.hpp>

namespace gatelet::io {
class Completion;
}

namespace gatelet::inline GATELET_CXX_ABI {

template <class T>
using Callback = std::function<void(Result<T>)>;

// Operation<Decision>, <Identity> and <Sessions> exist; others do not link.
template <class T>
class GATELET_API Operation {
 public:
  explicit Operation(std::shared_ptr<io::Completion>) noexcept;  // made by the library
  Operation(Operation&&) noexcept;
  Operation& operator=(Operation&&) noexcept;
  // Cancels. Blocking: until a callback of this operation that runs on another thread has returned;
  // inside a callback never.
  ~Operation();

  // Waits for the result.
  //   Blocking:  until the result or the deadline; in caller mode it drives the engine's loop
  //   meanwhile. Threads:   one waiter at a time per operation; any number of operations at once.
  //   Ownership: the result is handed out once; later calls are Status::invalid_state.
  //   Failure:   Status::pending past the deadline (still in flight), in_callback, forked, or the
  //   operation's own error.
  Result<T> wait(Deadline deadline);

  // Calls `done` from Loop::dispatch, exactly once, instead of wait.
  //   Blocking:  never; never inside this call, even when the result is there already.
  //   Ownership: `done` is destroyed after it ran, or when the operation is dropped.
  //   Failure:   a second call, one after wait handed the result out, or one in a forked child is
  //   ignored.
  void on_done(Callback<T> done);

  // This is a child made by fork, and the engine had started before: no result comes here.
  bool is_forked() const noexcept;

  // Completes with Status::cancelled soon, unless the result is there already. Blocking: never.
  void cancel() noexcept;

 private:
  std::shared_ptr<io::Completion> completion_;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
