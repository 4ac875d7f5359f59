// Places for callers that wait for work of others: so many, then the next is refused.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace gatelet::engine {

// One place; given back when it goes.
class Seat {
 public:
  using Count = std::shared_ptr<std::atomic<std::size_t>>;
  explicit Seat(Count taken) noexcept : taken_(std::move(taken)) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { taken_->fetch_sub(1, std::memory_order_relaxed); }

 private:
  Count taken_;
};

class Seats {
 public:
  explicit Seats(std::size_t max) : max_(max) {}

  // Null: all are taken. Threads: any. A seat may outlive this.
  std::shared_ptr<Seat> take() {
    if (taken_->fetch_add(1, std::memory_order_relaxed) < max_) {
      return std::make_shared<Seat>(taken_);
    }
    taken_->fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }

 private:
  const std::size_t max_;
  const Seat::Count taken_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace gatelet::engine
