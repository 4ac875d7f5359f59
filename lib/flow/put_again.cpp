#include "flow/put_again.hpp"

#include <chrono>

#include "flow/refresh_shared_session.hpp"
#include "flow/refresh_stored_session.hpp"

namespace gatelet::flow {
namespace {

constexpr Duration pause = std::chrono::milliseconds(200);

}  // namespace

Flow<bool> put_again(PutAgain in) {
  co_await run_to_end();  // nobody else has these tokens
  const auto begun = co_await now();
  for (;;) {
    auto putting = in.renewed->ticket ? put_renewed(in.context, in.renewed)
                                      : share_renewed(in.context, in.old, in.renewed);
    auto put = co_await attempt(std::move(putting));
    if (put.ok() || !may_be_taken_later(put.error().status)) co_return put;
    const auto at = co_await now();
    if (at.steady - begun.steady >= in.patience) co_return put;
    Delay rest(pause);
    (void)co_await rest;
  }
}

}  // namespace gatelet::flow
