#include "flow/put_again.hpp"

#include <chrono>
#include <exception>

#include "flow/refresh_shared_session.hpp"
#include "flow/refresh_stored_session.hpp"
#include "flow/stored_record.hpp"

namespace gatelet::flow {
namespace {

constexpr Duration pause = std::chrono::milliseconds(200);

Flow<bool> put_once(PutAgain in) {
  if (in.renewed->ticket && in.is_over) {
    auto erasing = erase_stored(in.renewed->ticket);
    (void)co_await std::move(erasing);
    co_return false;
  }
  if (in.renewed->ticket) {
    auto putting = put_renewed(in.context, in.renewed);
    co_return co_await std::move(putting);
  }
  const auto until = in.renewed->created_at;  // it was ended some time ago
  if (in.is_over) {
    auto ending = end_shared_session(in.context, in.old, until);
    (void)co_await std::move(ending);
  } else {
    auto sharing = share_renewed(in.context, in.old, in.renewed);
    const bool is_there = co_await std::move(sharing);
    if (is_there) co_return true;
  }
  auto ending_new = end_shared_session(in.context, in.renewed, until);
  (void)co_await std::move(ending_new);
  co_return false;
}

}  // namespace

Flow<bool> put_again(PutAgain in) {
  co_await run_to_end();  // nobody else has these tokens
  const auto begun = co_await now();
  for (;;) {
    auto putting = put_once(in);
    auto put = co_await attempt(std::move(putting));
    if (put.ok() || !may_be_taken_later(put.error().status)) co_return put;
    const auto at = co_await now();
    if (at.steady - begun.steady >= in.patience) co_return put;
    Delay rest(pause);
    (void)co_await rest;
  }
}

Flow<bool> hand_over(RefreshSession in, std::shared_ptr<const session::Session> renewed) {
  if (!in.on_not_put) co_return true;
  bool is_taken_over = false;
  try {
    is_taken_over = in.on_not_put(in.session, renewed);
  } catch (const std::exception&) {
    is_taken_over = false;  // for want of memory
  }
  if (is_taken_over) co_return true;
  PutAgain again(in.context);
  again.old = in.session;
  again.renewed = std::move(renewed);
  again.is_over = in.is_over && in.is_over(again.old, again.renewed);
  again.patience = in.last_patience;
  auto putting = put_again(std::move(again));
  const auto put = co_await attempt(std::move(putting));
  co_return put.ok();
}

}  // namespace gatelet::flow
