#include "flow/revoke_sessions.hpp"

#include "flow/deny_list.hpp"

namespace gatelet::flow {

Flow<IndexEntries> revoke_sessions(RevokeSessions in) {
  EndSessions end(in.context);
  end.subject = in.denial.subject;
  const auto kept = in.denial.kept_ticket;
  Deny denial(in.context);
  denial.denials.push_back(std::move(in.denial));
  auto denying = deny(std::move(denial));
  const auto denied = co_await attempt(std::move(denying));
  if (!denied.ok()) {
    // What the index knows can be ended all the same.
    if (denied.error().status != Status::store_unreachable) {
      end.kept_ticket = kept;
      auto ending = end_sessions(std::move(end));
      (void)co_await attempt(std::move(ending));
    }
    co_return denied.error();
  }
  const auto* now_denied = (*denied)->find({end.subject.provider, end.subject.id});
  if (now_denied != nullptr && now_denied->kept_ticket == kept) end.kept_ticket = kept;
  if (now_denied != nullptr && in.on_denied) in.on_denied(*now_denied);
  auto ending = end_sessions(std::move(end));
  auto ended = co_await std::move(ending);
  co_return ended;
}

}  // namespace gatelet::flow
