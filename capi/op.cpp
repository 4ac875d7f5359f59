// Operations.
#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

// Hands a result to a C callback, whatever becomes of it.
template <class T>
void call(gatelet_done_fn done, void* user, Result<T> result) {
  gatelet_decision* decision = nullptr;
  gatelet_error error = GATELET_ERROR_INIT;
  const auto status = guard(&error, [&]() -> Result<void> {
    if (!result.ok()) return std::move(result).error();
    decision = new gatelet_decision(std::move(result).value());
    return {};
  });
  try {
    done(status, decision, &error, user);
  } catch (...) {
    // A host's exception must not unwind through the loop; it is the host's to catch.
  }
}

// Not a failure to wait, but how the operation itself ended.
bool is_final(Status status) noexcept {
  return status != Status::pending && status != Status::in_callback && status != Status::forked;
}

Deadline deadline_after(int timeout_ms) {
  constexpr auto no_limit = std::chrono::hours(24 * 365);
  const auto now = std::chrono::steady_clock::now();
  return timeout_ms < 0 ? now + no_limit : now + std::chrono::milliseconds(timeout_ms);
}

}  // namespace

gatelet_status gatelet_op_wait(gatelet_op* op, int timeout_ms, gatelet_decision** out,
                               gatelet_error* error) {
  if (out != nullptr) *out = nullptr;
  return guard(error, [&]() -> Result<void> {
    if (op == nullptr || out == nullptr) return invalid_argument("op and out are required");
    const auto wait = [&](auto& operation) -> Result<void> {
      auto result = operation.wait(deadline_after(timeout_ms));
      if (result.ok() || is_final(result.error().status)) op->is_settled = true;
      if (!result.ok()) return std::move(result).error();
      *out = new gatelet_decision(std::move(result).value());
      return {};
    };
    return std::visit(wait, op->operation);
  });
}

gatelet_status gatelet_op_on_done(gatelet_op* op, gatelet_done_fn done, void* user,
                                  void (*drop_user)(void* user)) {
  return guard(nullptr, [&]() -> Result<void> {
    const User kept(user, drop_user);
    if (op == nullptr || done == nullptr) return invalid_argument("op and done are required");
    if (op->is_settled.exchange(true))
      return Error{Status::invalid_state, "the answer was handed out, or a callback was set"};
    std::visit(
        [&](auto& operation) {
          operation.on_done(
              [done, kept](auto result) { call(done, kept.get(), std::move(result)); });
        },
        op->operation);
    return {};
  });
}

void gatelet_op_cancel(gatelet_op* op) {
  if (op != nullptr) std::visit([](auto& operation) { operation.cancel(); }, op->operation);
}

void gatelet_op_release(gatelet_op* op) { delete op; }
