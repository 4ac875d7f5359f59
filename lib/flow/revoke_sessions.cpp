#include "flow/revoke_sessions.hpp"

#include "flow/deny_list.hpp"

namespace gatelet::flow {
namespace {

// Where there is no room for the denial: what the index knows can be ended all the same.
Flow<bool> end_without_denial(RevokeSessions in, EndSessions end) {
  for (const auto& one : in.denials) {
    if (!one.kept_ticket.empty()) end.kept_ticket = one.kept_ticket;
  }
  auto ending = end_sessions(std::move(end));
  const auto ended = co_await attempt(std::move(ending));
  const auto at = co_await now();
  if (ended.ok() && in.on_ended_only) in.on_ended_only(*ended, at);
  co_return ended.ok();
}

}  // namespace

Flow<IndexEntries> revoke_sessions(RevokeSessions in) {
  EndSessions end(in.context);
  for (const auto& one : in.denials) end.subjects.push_back(one.subject);
  Deny denial(in.context);
  denial.denials = in.denials;
  auto denying = deny(std::move(denial));
  const auto denied = co_await attempt(std::move(denying));
  if (!denied.ok()) {
    if (denied.error().status == Status::store_unreachable) co_return denied.error();
    auto ending = end_without_denial(std::move(in), std::move(end));
    (void)co_await std::move(ending);
    co_return denied.error();
  }
  for (const auto& one : in.denials) {
    const auto* stored = (*denied)->find({one.subject.provider, one.subject.id});
    if (stored == nullptr) continue;
    const bool keeps = !one.kept_ticket.empty() && stored->kept_ticket == one.kept_ticket;
    if (keeps) end.kept_ticket = one.kept_ticket;
    if (in.on_denied) in.on_denied(*stored);
  }
  auto ending = end_sessions(std::move(end));
  auto ended = co_await std::move(ending);
  co_return ended;
}

}  // namespace gatelet::flow
