#include "engine/core.hpp"

#include <optional>

#include "engine/decide_callback.hpp"
#include "flow/begin_login.hpp"
#include "flow/sign_out.hpp"
#include "io/attempt.hpp"
#include "policy/owned_request.hpp"
#include "policy/request_id.hpp"

namespace gatelet::engine {
namespace {

// A snapshot's policy, which keeps the rest of its context.
std::shared_ptr<const policy::Policy> policy_of(const Snapshot& snapshot) {
  return {snapshot.context, &snapshot.context->policy};
}

}  // namespace

Case::Case(Core& core, const RequestView& request)
    : request_(request),
      memory_(core.memory_at(core.snapshots.load())),
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
      sessions(assembled.session_cache_size, keys.sessions,
               assembled.driver.store.kind == io::StoreSettings::Kind::none
                   ? 1
                   : RecordChanges::enough_places),
      refreshes(keys.refreshes),
      dropped(keys.sessions),
      numbers(keys.numbers),
      events(std::make_shared<Events>(ports.on_event, ports.clock)),
      seats(assembled.driver.max_operations),
      work(snapshots, refreshes, denied, sessions.changes(), *metrics, *events, ports.clock,
           assembled.driver),
      control(work, refreshes, denied, *events, seats),
      files(snapshots, ports.files, *events, work.driver()),
      loop(work.shared_driver(), events),
      driver_settings_(assembled.driver),
      session_cache_size_(assembled.session_cache_size) {
  events->use(policy_of(*snapshots.load()));
  if (driver_settings_.store.kind == io::StoreSettings::Kind::host)
    sessions.changes().expect_nothing();
}

Core::~Core() {
  work.put_all_now();
  work.driver().stop();
}

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
  if (!notes.tokens_left_out.empty()) {
    work.on_save_note({}, std::string(request_id))(flow::SaveNote::tokens_left_out,
                                                   notes.tokens_left_out);
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
    Outcome<Decision> operator()(NeedChange need) { return core.change(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedRedeem need) { return core.redeem(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedMetadata need) {
      return core.run(opened, flow::begin_login_with_metadata(std::move(need.login)));
    }
    Outcome<Decision> operator()(NeedSave need) {
      return core.run(opened, core.begin_session_of(std::move(need), opened.request_id()));
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

std::function<void()> Core::on_replaced(std::shared_ptr<const flow::Context> context,
                                        std::shared_ptr<const policy::OwnedRequest> request,
                                        std::string hashed_state) {
  return [this, context = std::move(context), request = std::move(request),
          state = std::move(hashed_state)] {
    const auto now = ports.clock->now();
    const CookieImage image(request->facts().headers, context->session.cookie_name);
    dropped.note_replaced(dropped.key_of(image), now);
    if (!state.empty()) dropped.note_signed_in(state, now);
  };
}

flow::Flow<Decision> Core::begin_session_of(NeedSave need, std::string_view request_id) {
  need.save.on_note = work.on_save_note({}, std::string(request_id));
  need.save.on_replaced = on_replaced(need.save.context, need.save.request, {});
  return flow::begin_session(std::move(need.save), std::move(need.return_to));
}

flow::Flow<Decision> Core::sign_out_of(NeedSignOut need) {
  need.sign_out.on_backend_failed = [events = events](const Error& why) {
    events->keep(Event::Level::warning, "backend-logout-failed", why.text, {});
  };
  return flow::sign_out(std::move(need.sign_out));
}

Outcome<Identity> Core::identify(const RequestView& request) {
  using Answer = std::variant<Identity, Operation<Identity>>;
  if (is_forked()) return forked_error();
  Case opened(*this, request);
  // A request that cannot be read without doubt has nobody behind it.
  if (opened.is_refused()) return Answer(Identity());
  auto known = engine::identify(opened.question());
  if (!known.ok()) return std::move(known).error();
  if (auto* identity = std::get_if<Identity>(&*known)) return Answer(std::move(*identity));

  auto seat = seats.take();
  if (!seat)
    return Error{Status::too_many_operations, "too many requests wait for the session store"};
  auto completion = io::CompletionOf<Identity>::make(work.shared_driver());
  const auto snapshot = opened.memory().snapshot;
  auto waiter = [this, seat, completion, snapshot, read_after = sessions.changes().last(),
                 owned = policy::OwnedRequest::copy(request, *opened.facts()),
                 id = std::string(opened.request_id())](const Result<Work::Session>& loaded,
                                                        Instant at) mutable {
    seat.reset();
    const auto thrown = io::attempt([&] {
      const auto said = Loaded::of(loaded, read_after);
      const auto memory = memory_at(snapshot, &said);
      Notes notes;
      auto found = engine::identify(Question{memory, owned->facts(), id, at, notes});
      if (!found.ok()) return completion->deliver(std::move(found).error());
      auto* identity = std::get_if<Identity>(&*found);
      completion->deliver(identity ? std::move(*identity) : Identity());
    });
    if (thrown) completion->fail(*thrown);
  };
  work.load(snapshot, std::move(std::get<NeedLoad>(*known).tickets), std::move(waiter),
            opened.now());
  return Answer(Operation<Identity>(completion));
}

Outcome<Decision> Core::redeem(const Case& opened, NeedRedeem need) {
  auto seat = seats.take();
  if (!seat) return failed({Status::too_many_operations, "too many sign-ins are under way"});
  const auto snapshot = opened.memory().snapshot;
  work.freshen(*snapshot, need.login.provider->provider->id, opened.now());
  need.login.on_replaced =
      on_replaced(need.login.context, need.login.request, need.login.hashed_state);

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
    Result<Decision> result = Error{Status::internal, {}};
    const auto thrown = io::attempt([&] {
      if (answer.ok()) {
        result = copy_of(**answer);
      } else if (answer.error().status != Status::state_missing) {
        result = answer.error();
      } else {
        const auto memory = memory_at(snapshot);
        Notes notes;
        result =
            stale_callback({memory, request->facts(), id, at, notes}, *provider, state, return_to);
      }
    });
    if (thrown) result = *thrown;
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

// Sessions, locks and denials are where they are; connections, threads and memory were made by what
// was said then.
std::string_view Core::fixed_change(const Assembled& after) const {
  const auto &driver = after.driver, &before = driver_settings_;
  if (driver.store.kind != before.store.kind) return "session_store_type, session_store_beside";
  if (driver.store.key_prefix != before.store.key_prefix) {
    return "cookie_name (the session store tells of changes under the old one)";
  }
  if (driver.store.max_staleness != before.store.max_staleness)
    return "session_cache_max_staleness";
  if (!(driver.store.redis == before.store.redis)) return "redis_*, the way to the session store";
  if (!(driver.store == before.store)) return "store_timeout, session_memory_limit";
  if (after.session_cache_size != session_cache_size_) return "session_cache_size";
  if (!(driver == before)) return "driver, max_operations, http_timeout, http_connections";
  return {};
}

Result<void> Core::reload(const Settings& settings) {
  if (is_forked()) return forked_error();
  // One at a time: each generation has a number of its own, and none is lost.
  const std::scoped_lock lock(reloading_);
  const auto before = snapshots.load();
  auto assembled = assemble(settings, ports, before->generation + 1);
  if (!assembled.ok()) return std::move(assembled).error();
  if (const auto what = fixed_change(*assembled); !what.empty()) {
    return Error{Status::invalid_configuration,
                 std::string(what) + ": cannot change while the engine runs; make a new engine"};
  }
  announce(assembled->warnings, assembled->notices, *events);
  events->use(policy_of(*assembled->snapshot));
  snapshots.store(keep_known_providers(*snapshots.load(), *assembled->snapshot));
  denied.doubt();  // under other secrets it stands elsewhere
  return {};
}

}  // namespace gatelet::engine
