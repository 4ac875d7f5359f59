#include "flow/admit_session.hpp"

#include <utility>

#include "flow/ask_hook.hpp"
#include "policy/authorize.hpp"

namespace gatelet::flow {
namespace {

Flow<bool> ask(AdmitSession in, SessionEvent::Moment moment) {
  AskHook question(in.context, moment);
  question.session = in.session;
  question.request = in.request;
  auto asking = ask_hook(std::move(question));
  co_return co_await std::move(asking);
}

}  // namespace

Flow<bool> admit_session(AdmitSession in) {
  auto telling = ask(in, SessionEvent::Moment::authenticated);
  (void)co_await std::move(telling);
  co_await policy::authorize(in.context->policy, *in.session);
  auto asking = ask(in, SessionEvent::Moment::created);
  co_return co_await std::move(asking);
}

}  // namespace gatelet::flow
