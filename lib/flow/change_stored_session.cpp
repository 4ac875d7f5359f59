#include "flow/change_stored_session.hpp"

#include <utility>

#include "session/host_data.hpp"
#include "session/lifetime.hpp"

namespace gatelet::flow {
namespace {

constexpr int max_tries = 16;

bool is_over(const session::Session& session, const session::SessionSettings& settings,
             Instant at) noexcept {
  return session::judge(session, settings, at) == session::Freshness::dead ||
         session::is_idle(session, settings, at);
}

}  // namespace

Flow<SharedSession> change_stored_session(ChangeStored in) {
  for (int tries = 0; tries < max_tries; ++tries) {
    auto reading = read_stored(in.context, in.ticket);
    const auto before = co_await std::move(reading);
    if (!before.session || is_over(*before.session, in.context->session, in.at)) {
      co_return SharedSession();
    }
    auto changing = in.change(*before.session);
    auto changed = co_await std::move(changing);
    if (!changed) co_return before.session;

    const auto at = co_await now();
    auto swapping = swap_stored(*in.context, before, *changed, at);
    if (!swapping.ok() && swapping.error().status == Status::session_invalid) {
      co_return Error{Status::data_too_large, swapping.error().text};  // above session_limit
    }
    auto call = co_await std::move(swapping);
    const auto reply = co_await std::move(call);
    if (reply.was_there) {
      co_return std::make_shared<const session::Session>(std::move(*changed));
    }
  }
  co_return Error{Status::store_unreachable, "others kept changing the session in the store"};
}

ChangeStored::Change setting_data(std::shared_ptr<const Context> context, std::string name,
                                  std::string value, Instant at) {
  return [context = std::move(context), name = std::move(name), value = std::move(value),
          at](const session::Session& session) -> Result<std::optional<session::Session>> {
    auto changed = session::with_data(session, context->session, name, value, at);
    if (!changed.ok()) return std::move(changed).error();
    return std::optional(std::move(changed).value());
  };
}

ChangeStored::Change noting_use(std::shared_ptr<const Context> context, Instant at) {
  return [context = std::move(context), at](const session::Session& session) {
    std::optional<session::Session> used;
    if (session::is_use_due(session, context->session, at)) {
      used = session;
      used->last_used = session::to_timestamp(at);
    }
    return Result<std::optional<session::Session>>(std::move(used));
  };
}

}  // namespace gatelet::flow
