#include "engine/decide_data.hpp"

#include <utility>

#include "engine/conclude.hpp"
#include "policy/authorize.hpp"
#include "session/cookie_budget.hpp"
#include "session/cookie_session.hpp"
#include "session/host_data.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;
using Shared = std::shared_ptr<const session::Session>;

Result<Verdict> to_nobody(const Question& question) {
  return Verdict(conclude_nobody(question, after_end()));
}

// What its cookies take of it: `shrinks` as they go on, with what is left of a sign-in's room, else
// as they begin.
Result<void> fit_cookies(const Question& question, const session::Session& changed, bool shrinks) {
  const auto& context = question.context();
  const auto& facts = question.facts;
  if (shrinks) {
    auto going_on =
        session::write_going_on(context.session, *context.cookie_keys, changed, facts.host,
                                facts.headers, *context.entropy, question.now);
    if (!going_on.ok()) return std::move(going_on).error();
  } else {
    auto beginning =
        session::write_session(context.session, *context.cookie_keys, changed, facts.host,
                               facts.headers, *context.entropy, question.now);
    if (!beginning.ok()) return std::move(beginning).error();
  }
  return {};
}

// Seen to fit its cookies before anybody takes it for the newest. One that has grown into the room
// of a sign-in, by renewals, may not grow by data.
Result<Shared> changed_in_cookies(const Question& question, const session::Session& newest,
                                  std::string_view name, std::string_view value) {
  auto changed = session::with_data(newest, question.context().session, name, value, question.now);
  if (!changed.ok()) return std::move(changed).error();
  const bool shrinks = session::data_size(*changed) < session::data_size(newest);
  auto fitted = fit_cookies(question, *changed, shrinks);
  const auto status = fitted.ok() ? Status::ok : fitted.error().status;
  if (status == Status::session_invalid || status == Status::session_too_large) {
    return Error{Status::data_too_large, "with this value the session no longer fits its cookies"};
  }
  if (!fitted.ok()) return std::move(fitted).error();
  return std::make_shared<const session::Session>(std::move(changed).value());
}

}  // namespace

Result<Verdict> set_session_data(const Question& question, std::string_view name,
                                 std::string_view value) {
  const auto checked = session::check_data(question.context().session, name, value);
  if (!checked.ok()) return checked.error();
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (presented.needs_store) return Verdict(NeedLoad{std::move(presented.tickets)});
  if (presented.trouble) return std::move(*presented.trouble);
  if (presented.refresh_due) {
    auto going_on = without_refresh(question.snapshot(), presented.session, question.now);
    if (!going_on.session) {
      auto provider = question.snapshot().provider(presented.session->provider_id);
      NeedRefresh need{std::move(presented.session), std::move(provider), Endpoint::none};
      need.data = {std::string(name), std::string(value)};
      return Verdict(std::move(need));
    }
    presented = std::move(going_on);
  }
  return set_data_of(question, std::move(presented), name, value);
}

Result<Verdict> set_data_of(const Question& question, Presented presented, std::string_view name,
                            std::string_view value) {
  if (!presented.session) return Verdict(conclude_nobody(question, presented));
  // No answer could carry the change: the browser was told to drop this session.
  if (!presented.session->ticket && !may_set_cookies(question)) {
    auto gone = after_end();
    gone.clear_cookies = false;
    return Verdict(conclude_nobody(question, gone));
  }
  if (!policy::authorize(question.policy(), *presented.session).ok()) {
    return decide_presented(question, Endpoint::none, presented);
  }
  if (presented.session->ticket) {
    return Verdict(NeedChange{presented.session->ticket, std::string(name), std::string(value)});
  }
  const auto change = [&](const session::Session& newest) {
    return changed_in_cookies(question, newest, name, value);
  };
  auto changed = question.memory.refreshes.change(presented.session, change, question.now);
  if (!changed.ok()) return std::move(changed).error();
  if (!*changed) return to_nobody(question);
  presented.session = std::move(changed).value();
  presented.renewed = true;
  return decide_presented(question, Endpoint::none, presented);
}

Result<Verdict> decide_changed(const Question& question, const Result<Shared>& changed) {
  if (!changed.ok()) return changed.error();
  forget_stored(question.memory, question.facts.headers);
  if (!*changed) return to_nobody(question);
  Presented presented;
  presented.session = *changed;
  presented.reason = Reason::session;
  return decide_presented(question, Endpoint::none, presented);
}

}  // namespace gatelet::engine
