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

// Of the operations that answer with a decision; others have functions of their own.
template <class Use>
Result<void> with_decision(gatelet_op& op, Use&& use) {
  if (auto* decision = std::get_if<Operation<Decision>>(&op.operation)) return use(*decision);
  if (auto* identity = std::get_if<Operation<Identity>>(&op.operation)) return use(*identity);
  return Error{Status::invalid_state,
               "this operation answers with sessions; see gatelet_op_wait_sessions"};
}

}  // namespace

gatelet_status gatelet_op_wait(gatelet_op* op, int timeout_ms, gatelet_decision** out,
                               gatelet_error* error) {
  if (out != nullptr) *out = nullptr;
  return guard(error, [&]() -> Result<void> {
    if (op == nullptr || out == nullptr) return invalid_argument("op and out are required");
    return with_decision(*op, [&](auto& operation) -> Result<void> {
      auto result = operation.wait(deadline_after(timeout_ms));
      if (result.ok() || is_final(result.error().status)) op->is_settled = true;
      if (!result.ok()) return std::move(result).error();
      *out = new gatelet_decision(std::move(result).value());
      return {};
    });
  });
}

gatelet_status gatelet_op_on_done(gatelet_op* op, gatelet_done_fn done, void* user,
                                  void (*drop_user)(void* user)) {
  return guard(nullptr, [&]() -> Result<void> {
    const User kept(user, drop_user);
    if (op == nullptr || done == nullptr) return invalid_argument("op and done are required");
    return with_decision(*op, [&](auto& operation) -> Result<void> {
      if (operation.is_forked()) return forked_error();
      return settle_by(*op, [&] {
        operation.on_done([done, kept](auto result) { call(done, kept.get(), std::move(result)); });
      });
    });
  });
}

void gatelet_op_cancel(gatelet_op* op) {
  if (op != nullptr) std::visit([](auto& operation) { operation.cancel(); }, op->operation);
}

void gatelet_op_release(gatelet_op* op) { delete op; }
