#include <utility>

#include "engine/core.hpp"
#include "engine/decide_data.hpp"
#include "flow/begin_login.hpp"
#include "flow/change_stored_session.hpp"
#include "io/attempt.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::engine {

// Kept by the work's waiter; whoever took the operation may go away meanwhile.
class Core::Waiting {
 public:
  Waiting(Core& core, Case& opened, std::shared_ptr<Seat> s)
      : completion(core.new_completion(opened)),
        snapshot(opened.memory().snapshot),
        request(
            policy::OwnedRequest::copy(*opened.question().facts.request, opened.question().facts)),
        request_id(opened.request_id()),
        seat(std::move(s)) {}

  const Completion completion;
  const std::shared_ptr<const Snapshot> snapshot;
  const std::shared_ptr<const policy::OwnedRequest> request;
  const std::string request_id;
  std::shared_ptr<Seat> seat;  // given back before the answer is seen
};

std::shared_ptr<Core::Waiting> Core::wait_for(Case& opened) {
  auto seat = seats.take();
  if (!seat) return nullptr;
  return std::make_shared<Waiting>(*this, opened, std::move(seat));
}

// What is thrown on the way, memory that ran out above all, is the answer: nobody else would tell.
void Core::conclude(const std::shared_ptr<Waiting>& waiting, Instant at, const Ask& decide,
                    const Loaded* loaded, bool runs_to_end) {
  const bool is_over = waiting->completion->is_unwanted() && !runs_to_end;
  if (is_over) return waiting->seat.reset();
  const auto thrown = io::attempt([&] { decide_now(waiting, at, decide, loaded); });
  if (!thrown) return;
  waiting->seat.reset();
  waiting->completion->fail(*thrown);
}

void Core::decide_now(const std::shared_ptr<Waiting>& waiting, Instant at, const Ask& decide,
                      const Loaded* loaded) {
  const auto& completion = waiting->completion;
  const auto memory = memory_at(waiting->snapshot, loaded);
  Notes notes;
  auto verdict =
      decide(Question{memory, waiting->request->facts(), waiting->request_id, at, notes});
  tell(notes, waiting->request_id);
  if (!verdict.ok()) {
    waiting->seat.reset();
    return completion->deliver(std::move(verdict).error());
  }
  struct Visitor {
    Core& core;
    const std::shared_ptr<Waiting>& waiting;
    Instant at;
    const Ask& decide;
    const Notes& notes;
    void operator()(Decision decision) {
      core.go_on_behind(waiting->snapshot, notes, at);
      waiting->seat.reset();  // whoever sees the answer may ask anew
      waiting->completion->deliver(std::move(decision));
    }
    void operator()(NeedLoad need) { core.load_for(waiting, std::move(need), decide, at); }
    // The cookie or password behind a token that was not accepted may need work of its own.
    void operator()(NeedRefresh need) { core.refresh_for(waiting, std::move(need), at); }
    void operator()(NeedPassword need) { core.check_for(waiting, std::move(need), at); }
    void operator()(NeedChange need) { core.change_for(waiting, std::move(need), at); }
    void operator()(NeedSave need) {
      core.run_for(waiting, core.begin_session_of(std::move(need), waiting->request_id), at);
    }
    // Nobody is there, and the provider's metadata is not known yet: the login needs it.
    void operator()(NeedMetadata need) {
      core.run_for(waiting, flow::begin_login_with_metadata(std::move(need.login)), at);
    }
    void operator()(NeedReady need) {
      core.run_for(waiting, flow::check_ready(std::move(need.check)), at);
    }
    void operator()(NeedSignOut need) {
      core.run_for(waiting, core.sign_out_of(std::move(need)), at);
    }
    // These are asked for before anything else, from the same snapshot.
    void operator()(const NeedBearer&) { fail(); }
    void operator()(const NeedRedeem&) { fail(); }
    void fail() {
      waiting->seat.reset();
      waiting->completion->deliver(Error{Status::internal, "the same question, another answer"});
    }
  };
  std::visit(Visitor{*this, waiting, at, decide, notes}, std::move(verdict).value());
}

void Core::run_for(const std::shared_ptr<Waiting>& waiting, flow::Flow<Decision> flow,
                   Instant now) {
  waiting->seat.reset();  // the flow has a place of its own
  work.run<Decision>(
      std::move(flow),
      [completion = waiting->completion](Result<Decision> decision, Instant) {
        completion->deliver(std::move(decision));
      },
      now);
}

Outcome<Decision> Core::load(Case& opened, NeedLoad need, Ask ask) {
  const auto waiting = wait_for(opened);
  if (!waiting)
    return failed({Status::too_many_operations, "too many requests wait for the session store"});
  load_for(waiting, std::move(need), std::move(ask), opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(waiting->completion));
}

void Core::load_for(const std::shared_ptr<Waiting>& waiting, NeedLoad need, Ask ask, Instant now) {
  auto waiter = [this, waiting, ask = std::move(ask), read_after = sessions.changes().last(),
                 runs_to_end = need.runs_to_end](const Result<Work::Session>& loaded, Instant at) {
    const auto said = Loaded::of(loaded, read_after);
    conclude(waiting, at, ask, &said, runs_to_end);
  };
  work.load(waiting->snapshot, std::move(need.tickets), std::move(waiter), now);
}

void Core::go_on_behind(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                        Instant now) {
  if (notes.refresh_soon) refresh_behind(snapshot, notes, now);
  if (notes.used) note_use(snapshot, notes, now);
  if (notes.deny_list_due) work.freshen_deny_list(snapshot, now);
}

void Core::refresh_behind(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                          Instant now) {
  auto provider = snapshot->provider(notes.refresh_soon->provider_id);
  if (!provider) return;
  work.refresh(
      snapshot, {notes.refresh_soon, std::move(provider), policy::Endpoint::none},
      [](const Result<Work::Session>&, Instant) {}, now);
}

void Core::note_use(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                    Instant now) {
  const auto interval = session::touch_interval(snapshot->context->session);
  const auto& ticket = notes.used->ticket;
  if (!uses_.take(ticket->id, interval, now)) return;
  work.note_use(snapshot, ticket, now, [this, ticket] { uses_.give_back(ticket->id); });
}

Outcome<Decision> Core::refresh(Case& opened, NeedRefresh need) {
  const auto waiting = wait_for(opened);
  if (!waiting)
    return failed(
        {Status::too_many_operations, "too many requests wait for a session to be renewed"});
  refresh_for(waiting, std::move(need), opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(waiting->completion));
}

void Core::refresh_for(const std::shared_ptr<Waiting>& waiting, NeedRefresh need, Instant now) {
  work.freshen(*waiting->snapshot, need.session->provider_id, now);
  need.request = waiting->request;
  auto waiter = [this, waiting, old = need.session, endpoint = need.endpoint, data = need.data](
                    const Result<Work::Session>& renewed, Instant at) {
    conclude(
        waiting, at, [renewed, old, endpoint, data](const Question& question) -> Result<Verdict> {
          if (!renewed.ok() && renewed.error().status == Status::vetoed) {
            return decide_vetoed(question, endpoint, renewed.error());
          }
          const bool is_open = !renewed.ok() && renewed.error().status != Status::grant_ended;
          // It may have been ended meanwhile, by another process too.
          if (is_open && old->ticket && question.memory.loaded == nullptr) {
            return Verdict(NeedLoad{{old->ticket}});
          }
          Presented presented;
          if (question.memory.denied.covers(*old)) {
            presented = after_revocation();
          } else if (renewed.ok()) {
            presented = after_refresh(*renewed);
          } else if (!is_open) {
            presented = after_grant_ended();
          } else {
            presented = after_failed_refresh(question.memory, old, renewed.error(), question.now);
          }
          if (data && presented.session) {
            return set_data_of(question, std::move(presented), data->name, data->value);
          }
          return decide_presented(question, endpoint, presented);
        });
  };
  work.refresh(waiting->snapshot, std::move(need), std::move(waiter), now);
}

Outcome<Decision> Core::change(Case& opened, NeedChange need) {
  const auto waiting = wait_for(opened);
  if (!waiting)
    return failed({Status::too_many_operations, "too many requests wait for the session store"});
  change_for(waiting, std::move(need), opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(waiting->completion));
}

void Core::change_for(const std::shared_ptr<Waiting>& waiting, NeedChange need, Instant now) {
  const auto& context = waiting->snapshot->context;
  flow::ChangeStored in(context);
  in.ticket = std::move(need.ticket);
  in.at = now;
  in.change = flow::setting_data(context, std::move(need.name), std::move(need.value), now);
  work.run<Work::Session>(
      flow::change_stored_session(std::move(in)),
      [this, waiting](const Result<Work::Session>& changed, Instant at) {
        conclude(waiting, at,
                 [changed](const Question& question) { return decide_changed(question, changed); });
      },
      now);
}

Outcome<Decision> Core::verify_bearer(Case& opened, NeedBearer need) {
  const auto waiting = wait_for(opened);
  if (!waiting)
    return failed({Status::too_many_operations, "too many requests wait for a provider's keys"});
  work.run<session::Session>(
      flow::verify_bearer(std::move(need.bearer)),
      [this, waiting, endpoint = need.endpoint](const Result<session::Session>& verified,
                                                Instant at) {
        conclude(waiting, at, [verified, endpoint](const Question& question) {
          return decide_verified(question, endpoint, verified);
        });
      },
      opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(waiting->completion));
}

Outcome<Decision> Core::check_password(Case& opened, NeedPassword need) {
  const auto waiting = wait_for(opened);
  if (!waiting)
    return failed({Status::too_many_operations, "too many requests wait for a password"});
  check_for(waiting, std::move(need), opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(waiting->completion));
}

void Core::check_for(const std::shared_ptr<Waiting>& waiting, NeedPassword need, Instant now) {
  auto check = std::move(need.check);
  const auto attempt = need.attempt;
  const auto rest = std::make_shared<const NeedPassword>(std::move(need));
  auto waiter = [this, waiting, rest](const Result<bool>& matches, Instant at) {
    conclude(waiting, at, [rest, matches](const Question& question) {
      return decide_checked(question, *rest, matches);
    });
  };
  work.check_password(attempt, std::move(check), std::move(waiter), now);
}

}  // namespace gatelet::engine
