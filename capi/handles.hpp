// What stands behind the opaque objects that requests lead to.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include "guard.hpp"

struct gatelet_engine {
  const std::shared_ptr<gatelet::Engine> engine;
  std::atomic<std::size_t> references{1};
};

struct gatelet_decision {
  explicit gatelet_decision(gatelet::Decision decision);
  explicit gatelet_decision(gatelet::Identity who);  // of gatelet_identify

  const gatelet::Identity* identity() const noexcept;

  gatelet::Decision decision;
  const bool is_identity_only;
  const gatelet::Identity own_identity;  // only when is_identity_only

  // The headers in C's shape: strip, upstream, response in a row.
  std::unique_ptr<gatelet_header[]> headers;
  std::size_t begin[4] = {0, 0, 0, 0};

  // Identity fields that had to be composed, by field; they live as long as the decision.
  mutable std::mutex mutex;
  mutable std::map<std::string, std::string, std::less<>> composed;  // guarded by mutex
};

struct gatelet_op {
  std::variant<gatelet::Operation<gatelet::Decision>, gatelet::Operation<gatelet::Identity>,
               gatelet::Operation<gatelet::Sessions>>
      operation;
  std::atomic<bool> is_settled{false};  // the answer was handed out, or a callback waits for it
};

namespace gatelet::capi {

// Not a failure to wait, but how the operation itself ended.
inline bool is_final(Status status) noexcept {
  return status != Status::pending && status != Status::in_callback && status != Status::forked;
}

inline Error forked_error() {
  return {Status::forked, std::string(status_sentence(Status::forked))};
}

inline Error settled_already() {
  return {Status::invalid_state, "the answer was handed out, or a callback was set"};
}

// Sets a callback by `set` as the one taker of the answer. Where that throws there is none yet: the
// host may try again, or wait.
template <class Set>
Result<void> settle_by(gatelet_op& op, Set&& set) {
  if (op.is_settled.exchange(true)) return settled_already();
  try {
    set();
  } catch (...) {
    op.is_settled = false;
    throw;
  }
  return {};
}

// Negative: as long as it lasts.
inline Deadline deadline_after(int timeout_ms) {
  constexpr auto no_limit = std::chrono::hours(24 * 365);
  const auto now = std::chrono::steady_clock::now();
  return timeout_ms < 0 ? now + no_limit : now + std::chrono::milliseconds(timeout_ms);
}

// What all calls of an engine share: `ask` gives an Outcome, which is handed out as an answer or as
// an operation.
template <class Handle, class Ask>
gatelet_status answer(const gatelet_engine* engine, Handle** out, gatelet_op** pending,
                      gatelet_error* error, Ask&& ask) {
  if (out != nullptr) *out = nullptr;
  if (pending != nullptr) *pending = nullptr;
  bool in_flight = false;
  const auto status = guard(error, [&]() -> Result<void> {
    if (engine == nullptr || out == nullptr || pending == nullptr)
      return invalid_argument("engine, out and pending are required");
    auto outcome = ask(*engine->engine);
    if (!outcome.ok()) return std::move(outcome).error();
    if (outcome->index() == 0) {
      *out = new Handle{std::get<0>(std::move(*outcome))};
    } else {
      *pending = new gatelet_op{std::get<1>(std::move(*outcome))};
      in_flight = true;
    }
    return {};
  });
  return in_flight ? GATELET_PENDING : status;
}

}  // namespace gatelet::capi
