// Completions: how results leave the driver. One Completion per operation, one queue with a
// descriptor per engine.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <gatelet/operation.hpp>

#include "base/result.hpp"

namespace gatelet::io {

class Driver;
class Completions;

// The state that an Operation and its driver share. Thread-safe. Delivered exactly once.
class Completion : public std::enable_shared_from_this<Completion> {
 public:
  virtual ~Completion();

  bool is_ready() const noexcept;     // a result is there (taken or not)
  bool is_unwanted() const noexcept;  // cancelled or dropped
  void cancel() noexcept;             // asks the driver to abandon the task
  void drop() noexcept;               // cancel, and no callback afterwards
};

// A Completion for one type of result: CompletionOf<Decision>, CompletionOf<Identity>.
//   static std::shared_ptr<CompletionOf> make(std::shared_ptr<Driver>);
//   void deliver(Result<T>);      once; from the driver's loop, or before submit
template <class T>
class CompletionOf;

}  // namespace gatelet::io
