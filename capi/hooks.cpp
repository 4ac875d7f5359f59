// Session hooks.
#include <gatelet/unstable/hooks.h>

#include <string>

#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

constexpr std::uint32_t all_moments = GATELET_SESSION_AUTHENTICATED | GATELET_SESSION_CREATED |
                                      GATELET_SESSION_REFRESHED | GATELET_SESSION_ENDED;

constexpr std::uint32_t to_c(SessionEvent::Moment moment) noexcept {
  return std::uint32_t{1} << static_cast<unsigned>(moment);
}
static_assert(to_c(SessionEvent::Moment::authenticated) == GATELET_SESSION_AUTHENTICATED);
static_assert(to_c(SessionEvent::Moment::created) == GATELET_SESSION_CREATED);
static_assert(to_c(SessionEvent::Moment::refreshed) == GATELET_SESSION_REFRESHED);
static_assert(to_c(SessionEvent::Moment::ended) == GATELET_SESSION_ENDED);

// Asks a C hook. Whatever it throws, if it is C++ after all, is a veto to whoever called this.
Result<void> ask(gatelet_session_fn on_session, void* user, const SessionEvent& event) {
  const gatelet_decision identity(event.identity);
  gatelet_error why = GATELET_ERROR_INIT;
  const gatelet_session_event out{
      sizeof(gatelet_session_event), to_c(event.moment),     &identity,
      capi::to_c(event.provider),    capi::to_c(event.host), capi::to_c(event.path),
      capi::to_c(event.client)};
  if (on_session(&out, &why, user) == GATELET_OK) return {};
  why.text[sizeof why.text - 1] = '\0';
  return Error{Status::vetoed, why.text};
}

}  // namespace

gatelet_status gatelet_config_on_session(gatelet_config* config, uint32_t moments,
                                         gatelet_session_fn on_session, void* user,
                                         void (*drop_user)(void* user)) {
  return guard(nullptr, [&]() -> Result<void> {
    const User kept(user, drop_user);
    const bool is_known = moments != 0 && (moments & ~all_moments) == 0;
    if (config == nullptr || on_session == nullptr || !is_known)
      return invalid_argument("config, moments and on_session are required");
    const SessionHook hook = [on_session, kept](const SessionEvent& event) {
      return ask(on_session, kept.get(), event);
    };
    auto& hooks = config->hooks;
    if (moments & GATELET_SESSION_AUTHENTICATED) hooks.authenticated = hook;
    if (moments & GATELET_SESSION_CREATED) hooks.created = hook;
    if (moments & GATELET_SESSION_REFRESHED) hooks.refreshed = hook;
    if (moments & GATELET_SESSION_ENDED) hooks.ended = hook;
    return {};
  });
}
