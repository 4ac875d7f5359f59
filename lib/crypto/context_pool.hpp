// A few prepared contexts of one key, lent to one thread at a time.
//
// Lock-free: a slot holds a context or null, and taking or returning one is a single exchange. A
// thread looks first in a slot of its own (chosen by where its stack lies), so that threads rarely
// meet. An empty pool is no error: the caller then prepares a context, which stays here afterwards.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gatelet::crypto {

// `Handle` is a unique_ptr. `Spacing` is how far apart slots lie: a cache line where a computation
// is so short that sharing one would show.
template <class Handle, std::size_t Slots = 16, std::size_t Spacing = 64>
class ContextPool {
 public:
  ContextPool() = default;
  ContextPool(const ContextPool&) = delete;
  ContextPool& operator=(const ContextPool&) = delete;
  ~ContextPool() {
    for (auto& slot : slots_) Handle(slot.context.load(std::memory_order_acquire));
  }

  // A context nobody else uses, or null.
  Handle take() noexcept {
    const std::size_t first = preferred_slot();
    for (std::size_t i = 0; i < Slots; ++i) {
      auto& context = slots_[(first + i) % Slots].context;
      if (context.load(std::memory_order_relaxed) == nullptr) continue;
      if (Pointer taken = context.exchange(nullptr, std::memory_order_acquire))
        return Handle(taken);
    }
    return nullptr;
  }

  // Keeps `context` for the next caller; frees it when the pool is full.
  void give_back(Handle context) noexcept {
    const std::size_t first = preferred_slot();
    for (std::size_t i = 0; i < Slots; ++i) {
      auto& slot = slots_[(first + i) % Slots].context;
      Pointer expected = nullptr;
      if (slot.load(std::memory_order_relaxed) == nullptr &&
          slot.compare_exchange_strong(expected, context.get(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
        static_cast<void>(context.release());
        return;
      }
    }
  }

 private:
  using Pointer = typename Handle::pointer;
  struct alignas(Spacing) Slot {
    std::atomic<Pointer> context{nullptr};
  };

  static std::size_t preferred_slot() noexcept {
    const char here = 0;
    // Stacks lie megabytes apart; the multiplication spreads what differs over the high bits.
    const std::uint64_t stack = reinterpret_cast<std::uintptr_t>(&here) >> 20;
    return static_cast<std::size_t>((stack * 0x9e3779b97f4a7c15u) >> 32) % Slots;
  }

  std::array<Slot, Slots> slots_;
};

}  // namespace gatelet::crypto
