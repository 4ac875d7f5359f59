#include "flow/revoke_sessions.hpp"

#include "flow/deny_list.hpp"

namespace gatelet::flow {

Flow<IndexEntries> revoke_sessions(RevokeSessions in) {
  EndSessions end(in.context);
  end.subject = in.denial.subject;
  end.kept_ticket = in.denial.kept_ticket;
  Deny denial(in.context);
  denial.denials.push_back(std::move(in.denial));
  auto denying = deny(std::move(denial));
  (void)co_await std::move(denying);
  auto ending = end_sessions(std::move(end));
  auto ended = co_await std::move(ending);
  co_return ended;
}

}  // namespace gatelet::flow
