// The inbox of a driver: what other threads ask of the loop. The loop takes it all at once, a round
// at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/effect.hpp"

namespace gatelet::io {

class Completion;
class HttpClient;

using FlightId = std::uint64_t;

// A task and the effect it waits for.
struct Submission {
  std::unique_ptr<flow::Task> task;
  flow::Effect effect;
  std::shared_ptr<Completion> completion;  // null: nobody waits
};

// The caller has lost interest.
struct Cancellation {
  std::shared_ptr<Completion> completion;
};

// What came of an effect that another thread carries out.
struct EffectAnswer {
  FlightId flight;
  Result<flow::Outcome> outcome;
  // Of a HookCall or a Refetch: which one; one that came too late is not the next's.
  std::uint64_t number = 0;
};

struct DelayedWork {
  Deadline at;
  std::function<void(Instant)> work;
};

using Item = std::variant<Submission, Cancellation, EffectAnswer, DelayedWork>;

// Thread-safe.
class Inbox {
 public:
  // Adds an item and wakes the loop; gives it back when it is no longer accepted, or there is no
  // memory for it.
  std::optional<Item> push(Item item);

  std::vector<Item> take();
  bool is_empty() const;

  // Wakes the loop out of its wait, if it is running.
  void wake() noexcept;

  void open(HttpClient& loop);  // whom to wake
  void refuse_tasks();          // from here on only answers and cancellations
  std::vector<Item> close();    // from here on nothing; what was left

 private:
  enum class Accepts : std::uint8_t { everything, answers, nothing };

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<Item> items_;
  HttpClient* loop_ = nullptr;
  Accepts accepts_ = Accepts::everything;
};

}  // namespace gatelet::io
