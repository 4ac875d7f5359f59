#include "flow/ask_hook.hpp"

#include <utility>

#include "policy/log_lines.hpp"

namespace gatelet::flow {
namespace {

using Moment = SessionEvent::Moment;

const SessionHook& hook_of(const SessionHooks& hooks, Moment moment) noexcept {
  switch (moment) {
    case Moment::authenticated: return hooks.authenticated;
    case Moment::created: return hooks.created;
    case Moment::refreshed: return hooks.refreshed;
    case Moment::ended: return hooks.ended;
  }
  unreachable();
}

// The hook to ask; null: there is none for this moment.
std::shared_ptr<const SessionHook> hook_for(const AskHook& in) {
  const auto& hooks = in.context->hooks;
  if (!hooks) return nullptr;
  const auto& hook = hook_of(*hooks, in.moment);
  return hook ? std::shared_ptr<const SessionHook>(hooks, &hook) : nullptr;
}

SessionEvent event_of(const AskHook& in) {
  SessionEvent event;
  event.moment = in.moment;
  event.identity = Identity(in.session);
  if (in.session->password_mark.empty()) event.provider = event.identity.provider();
  if (!in.request) return event;
  const auto& facts = in.request->facts();
  auto asked = policy::asked_by(in.context->policy, in.request->view(), &facts);
  event.host = std::move(asked.host);
  event.path = facts.path;
  event.client = std::move(asked.client);
  return event;
}

}  // namespace

Flow<bool> ask_hook(AskHook in) {
  auto hook = hook_for(in);
  if (!hook) co_return true;
  HookCall call(std::move(hook), event_of(in));
  (void)co_await std::move(call);
  co_return true;
}

}  // namespace gatelet::flow
