#include "engine/core.hpp"

#include <optional>

#include "engine/decide_callback.hpp"
#include "flow/begin_login.hpp"
#include "flow/sign_out.hpp"
#include "policy/owned_request.hpp"
#include "policy/request_id.hpp"

namespace gatelet::engine {
namespace {

// A snapshot's policy, which keeps the rest of its context.
std::shared_ptr<const policy::Policy> policy_of(const Snapshot& snapshot) {
  return {snapshot.context, &snapshot.context->policy};
}

}  // namespace

// A place among the callers that wait; given back when the last copy goes.
class Core::Seat {
 public:
  explicit Seat(std::shared_ptr<std::atomic<std::size_t>> taken) noexcept
      : taken_(std::move(taken)) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { taken_->fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<std::size_t>> taken_;
};

Case::Case(Core& core, const RequestView& request)
    : request_(request),
      memory_{core.snapshots.load(), core.sessions, core.refreshes},
      now_(core.ports.clock->now()),
      facts_(policy::settle_request(request, memory_.snapshot->context->policy)) {
  if (facts_.ok()) {
    facts_->arrived = now_;
    request_id_ = policy::request_id(memory_.snapshot->context->policy, request.headers);
  }
  if (request_id_.empty()) request_id_ = core.numbers.next(number_);
}

Core::Core(Ports p, Assembled assembled, const HashKeys& keys)
    : ports(std::move(p)),
      snapshots(std::move(assembled.snapshot)),
      sessions(assembled.session_cache_size, keys.sessions),
      refreshes(keys.refreshes),
      numbers(keys.numbers),
      events(std::make_shared<Events>(ports.on_event, ports.clock)),
      work(snapshots, refreshes, *metrics, *events, ports.clock, assembled.driver),
      files(snapshots, ports.files, *events, work.driver()),
      loop(work.driver(), events),
      store_kind_(assembled.driver.store.kind),
      max_seats_(assembled.driver.max_operations) {
  events->use(policy_of(*snapshots.load()));
}

Core::~Core() { work.driver().stop(); }

Outcome<Decision> Core::answered(Decision decision, const Case& opened) {
  metrics->count(decision);
  decision.name_request(opened.request_id());
  if (events->anybody_listens()) events->emit_decision(decision, opened.asked());
  return std::variant<Decision, Operation<Decision>>(std::move(decision));
}

Outcome<Decision> Core::failed(Error error) {
  metrics->count(error);
  return error;
}

void Core::tell(const Notes& notes, std::string_view request_id) {
  if (notes.value_left_out) {
    events->keep(Event::Level::warning, "identity-value-left-out",
                 "an identity value holds bytes that no header can carry; the header was left out",
                 {}, request_id);
  }
  if (notes.credential_ignored) {
    events->keep(
        Event::Level::info, "credential-ignored",
        "a token or password came that is not accepted; the request counts as if it had not", {},
        request_id);
  }
  if (notes.tokens_withheld) {
    events->keep(Event::Level::info, "token-expired",
                 "the session's tokens ran out and were not handed on", {}, request_id);
  }
}

// Results are counted and logged when the host takes them, on the host's thread.
Core::Completion Core::new_completion(const Case& opened) {
  auto completion = io::CompletionOf<Decision>::make(work.shared_driver());
  auto asked = events->anybody_listens() ? opened.asked() : policy::Asked{};
  completion->before_handout([metrics = metrics, events = events, asked = std::move(asked),
                              id = std::string(opened.request_id())](Result<Decision>& result) {
    events->drain();
    if (!result.ok()) return metrics->count(result.error());
    metrics->count(*result);
    result->name_request(id);
    events->emit_decision(*result, asked);
  });
  return completion;
}

std::shared_ptr<Core::Seat> Core::take_seat() {
  if (seats_taken_->fetch_add(1, std::memory_order_relaxed) >= max_seats_) {
    seats_taken_->fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  return std::make_shared<Seat>(seats_taken_);
}

Outcome<Decision> Core::carry_out(Case& opened, Verdict verdict) {
  struct Visitor {
    Core& core;
    Case& opened;
    Outcome<Decision> operator()(Decision decision) {
      return core.answered(std::move(decision), opened);
    }
    Outcome<Decision> operator()(NeedRefresh need) { return core.refresh(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedBearer need) {
      return core.verify_bearer(opened, std::move(need));
    }
    Outcome<Decision> operator()(NeedPassword need) {
      return core.check_password(opened, std::move(need));
    }
    Outcome<Decision> operator()(NeedRedeem need) { return core.redeem(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedMetadata need) {
      return core.run(opened, flow::begin_login_with_metadata(std::move(need.login)));
    }
    Outcome<Decision> operator()(NeedSave need) {
      return core.run(opened, flow::begin_session(std::move(need.save), std::move(need.return_to)));
    }
    Outcome<Decision> operator()(NeedReady need) {
      return core.run(opened, flow::check_ready(std::move(need.check)));
    }
    Outcome<Decision> operator()(NeedSignOut need) {
      return core.run(opened, core.sign_out_of(std::move(need)));
    }
    Outcome<Decision> operator()(const NeedLoad&) {  // answer() sees to it
      return core.failed({Status::internal, "the session store was not asked"});
    }
  };
  return std::visit(Visitor{*this, opened}, std::move(verdict));
}

Outcome<Decision> Core::run(const Case& opened, flow::Flow<Decision> flow) {
  // Ended before its first effect: an answer at once. Otherwise the completion gets the result.
  struct Place {
    std::optional<Result<Decision>> at_once;
    Completion completion;
  };
  const auto place = std::make_shared<Place>();
  auto task = std::make_unique<flow::FlowTask<Decision>>(
      std::move(flow), [place](Result<Decision> result, Instant) {
        if (place->completion) return place->completion->deliver(std::move(result));
        place->at_once.emplace(std::move(result));
      });
  auto effect = task->start(opened.now());
  if (!effect) {
    if (!place->at_once->ok()) return failed(std::move(*place->at_once).error());
    return answered(std::move(*place->at_once).value(), opened);
  }
  const auto completion = new_completion(opened);
  place->completion = completion;
  auto submitted = work.driver().submit(std::move(task), std::move(*effect), completion);
  if (!submitted.ok()) return failed(std::move(submitted).error());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(completion));
}

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
  auto seat = take_seat();
  if (!seat) return nullptr;
  return std::make_shared<Waiting>(*this, opened, std::move(seat));
}

void Core::conclude(const std::shared_ptr<Waiting>& waiting, Instant at, const Ask& decide,
                    const Loaded* loaded) {
  const auto& completion = waiting->completion;
  if (completion->is_unwanted()) return waiting->seat.reset();
  const Memory memory{waiting->snapshot, sessions, refreshes, loaded};
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
      if (notes.refresh_soon) core.refresh_behind(waiting->snapshot, notes, at);
      waiting->seat.reset();  // whoever sees the answer may ask anew
      waiting->completion->deliver(std::move(decision));
    }
    void operator()(NeedLoad need) { core.load_for(waiting, std::move(need), decide, at); }
    // The cookie or password behind a token that was not accepted may need work of its own.
    void operator()(NeedRefresh need) { core.refresh_for(waiting, std::move(need), at); }
    void operator()(NeedPassword need) { core.check_for(waiting, std::move(need), at); }
    void operator()(NeedSave need) {
      core.run_for(waiting, flow::begin_session(std::move(need.save), std::move(need.return_to)),
                   at);
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
  auto waiter = [this, waiting, ask = std::move(ask)](const Result<Work::Session>& loaded,
                                                      Instant at) {
    Loaded said;
    if (loaded.ok()) {
      said.session = *loaded;
    } else {
      said.trouble = loaded.error();
    }
    conclude(waiting, at, ask, &said);
  };
  work.load(waiting->snapshot, std::move(need.tickets), std::move(waiter), now);
}

void Core::refresh_behind(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                          Instant now) {
  auto provider = snapshot->provider(notes.refresh_soon->provider_id);
  if (!provider) return;
  work.refresh(
      snapshot, {notes.refresh_soon, std::move(provider), policy::Endpoint::none},
      [](const Result<Work::Session>&, Instant) {}, now);
}

flow::Flow<Decision> Core::sign_out_of(NeedSignOut need) {
  need.sign_out.on_backend_failed = [events = events](const Error& why) {
    events->keep(Event::Level::warning, "backend-logout-failed", why.text, {});
  };
  return flow::sign_out(std::move(need.sign_out));
}

Outcome<Identity> Core::identify(const RequestView& request) {
  using Answer = std::variant<Identity, Operation<Identity>>;
  if (work.driver().forked()) return Error{Status::forked, "this engine was started before a fork"};
  Case opened(*this, request);
  // A request that cannot be read without doubt has nobody behind it.
  if (opened.is_refused()) return Answer(Identity());
  auto known = engine::identify(opened.question());
  if (!known.ok()) return std::move(known).error();
  if (auto* identity = std::get_if<Identity>(&*known)) return Answer(std::move(*identity));

  auto seat = take_seat();
  if (!seat)
    return Error{Status::too_many_operations, "too many requests wait for the session store"};
  auto completion = io::CompletionOf<Identity>::make(work.shared_driver());
  const auto snapshot = opened.memory().snapshot;
  auto waiter = [this, seat, completion, snapshot,
                 owned = policy::OwnedRequest::copy(request, *opened.facts()),
                 id = std::string(opened.request_id())](const Result<Work::Session>& loaded,
                                                        Instant at) mutable {
    seat.reset();
    if (!loaded.ok()) return completion->deliver(loaded.error());
    const Loaded said{*loaded, std::nullopt};
    const Memory memory{snapshot, sessions, refreshes, &said};
    Notes notes;
    auto found = engine::identify(Question{memory, owned->facts(), id, at, notes});
    if (!found.ok()) return completion->deliver(std::move(found).error());
    auto* identity = std::get_if<Identity>(&*found);
    completion->deliver(identity ? std::move(*identity) : Identity());
  };
  work.load(snapshot, std::move(std::get<NeedLoad>(*known).tickets), std::move(waiter),
            opened.now());
  return Answer(Operation<Identity>(completion));
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
  auto waiter = [this, waiting, old = need.session, endpoint = need.endpoint](
                    const Result<Work::Session>& renewed, Instant at) {
    conclude(waiting, at, [waiting, renewed, old, at, endpoint](const Question& question) {
      Presented presented;
      if (renewed.ok()) {
        presented = after_refresh(*renewed);
      } else if (renewed.error().status == Status::grant_ended) {
        presented = after_grant_ended();
      } else {
        presented = without_refresh(*waiting->snapshot, old, at);
      }
      return decide_presented(question, endpoint, presented);
    });
  };
  work.refresh(waiting->snapshot, std::move(need), std::move(waiter), now);
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

Outcome<Decision> Core::redeem(const Case& opened, NeedRedeem need) {
  auto seat = take_seat();
  if (!seat) return failed({Status::too_many_operations, "too many sign-ins are under way"});
  const auto snapshot = opened.memory().snapshot;
  work.freshen(*snapshot, need.login.provider->provider->id, opened.now());

  // A callback that is refused before anything is sent is answered at once; only what is in flight
  // gets a completion.
  struct Place {
    std::mutex mutex;
    std::optional<Result<Decision>> at_once;
    Completion completion;
  };
  const auto place = std::make_shared<Place>();
  auto waiter = [this, seat, place, snapshot, provider = need.login.provider->provider,
                 request = need.login.request, state = need.login.hashed_state,
                 return_to = need.login.return_to, id = std::string(opened.request_id())](
                    const Result<Work::Answer>& answer, Instant at) mutable {
    seat.reset();
    Result<Decision> result = [&]() -> Result<Decision> {
      if (answer.ok()) return copy_of(**answer);
      if (answer.error().status != Status::state_missing) return answer.error();
      const Memory memory{snapshot, sessions, refreshes};
      Notes notes;
      return stale_callback({memory, request->facts(), id, at, notes}, *provider, state, return_to);
    }();
    const std::scoped_lock lock(place->mutex);
    if (place->completion) return place->completion->deliver(std::move(result));
    place->at_once.emplace(std::move(result));
  };
  work.redeem(snapshot, std::move(need.login), std::move(waiter), opened.now());

  const std::scoped_lock lock(place->mutex);
  if (place->at_once) {
    if (!place->at_once->ok()) return failed(std::move(*place->at_once).error());
    return answered(std::move(*place->at_once).value(), opened);
  }
  place->completion = new_completion(opened);
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(place->completion));
}

void announce(const std::vector<std::string>& warnings, const std::vector<config::Notice>& notices,
              Events& events) {
  for (const auto& warning : warnings) {
    events.emit({Event::Level::warning, "insecure-setting", warning, {}, {}});
  }
  for (const auto& notice : notices) {
    events.emit({Event::Level::info, notice.code, notice.text, {}, {}});
  }
}

Result<void> Core::reload(const Settings& settings) {
  // One at a time: each generation has a number of its own, and none is lost.
  const std::scoped_lock lock(reloading_);
  const auto before = snapshots.load();
  auto assembled = assemble(settings, ports, before->generation + 1);
  if (!assembled.ok()) return std::move(assembled).error();
  if (assembled->driver.store.kind != store_kind_) {
    return Error{Status::invalid_configuration,
                 "session_store_type: cannot change while the engine runs; make a new engine"};
  }
  announce(assembled->warnings, assembled->notices, *events);
  events->use(policy_of(*assembled->snapshot));
  snapshots.store(keep_known_providers(*snapshots.load(), *assembled->snapshot));
  return {};
}

}  // namespace gatelet::engine
