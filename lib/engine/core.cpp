#include "engine/core.hpp"

#include "flow/begin_login.hpp"
#include "flow/sign_out.hpp"
#include "policy/owned_request.hpp"
#include "policy/request_id.hpp"

namespace gatelet::engine {

// A place among the callers that wait; given back when the last copy goes.
class Core::Seat {
 public:
  explicit Seat(std::shared_ptr<std::atomic<std::size_t>> taken) noexcept : taken_(std::move(taken)) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  ~Seat() { taken_->fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<std::size_t>> taken_;
};

Case::Case(Core& core, const RequestView& request)
    : memory_{core.snapshots.load(), core.sessions, core.refreshes},
      now_(core.ports.clock->now()),
      facts_(policy::settle_request(request, memory_.snapshot->context->policy)) {
  if (facts_.ok()) request_id_ = policy::request_id(memory_.snapshot->context->policy, *facts_);
  if (request_id_.empty()) request_id_ = core.numbers.next(number_);
}

Core::Core(Ports p, Assembled assembled, const std::array<unsigned char, 16>& hash_key)
    : ports(std::move(p)),
      snapshots(std::move(assembled.snapshot)),
      sessions(assembled.session_cache_size, hash_key),
      refreshes(hash_key),
      numbers(hash_key),
      events(std::make_shared<Events>(ports.on_event)),
      work(snapshots, refreshes, *metrics, *events, ports.clock, assembled.driver),
      max_seats_(assembled.driver.max_operations) {}

Core::~Core() { work.driver().stop(); }

Outcome<Decision> Core::answered(Decision decision, std::string_view request_id) {
  metrics->count(decision);
  events->emit_decision(decision, request_id);
  return std::variant<Decision, Operation<Decision>>(std::move(decision));
}

Outcome<Decision> Core::failed(Error error) {
  metrics->count(error);
  return error;
}

// Results are counted and logged when the host takes them, on the host's thread.
Core::Completion Core::new_completion(std::string_view request_id) {
  auto completion = io::CompletionOf<Decision>::make(work.shared_driver());
  completion->before_handout([metrics = metrics, events = events, id = std::string(request_id)](const Result<Decision>& result) {
    events->drain();
    if (!result.ok()) return metrics->count(result.error());
    metrics->count(*result);
    events->emit_decision(*result, id);
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

Outcome<Decision> Core::carry_out(const Case& opened, Verdict verdict) {
  struct Visitor {
    Core& core;
    const Case& opened;
    Outcome<Decision> operator()(Decision decision) { return core.answered(std::move(decision), opened.request_id()); }
    Outcome<Decision> operator()(NeedRefresh need) { return core.refresh(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedRedeem need) { return core.redeem(opened, std::move(need)); }
    Outcome<Decision> operator()(NeedMetadata need) {
      return core.run(opened, flow::begin_login_with_metadata(std::move(need.login)));
    }
    Outcome<Decision> operator()(NeedSignOut need) { return core.run(opened, flow::sign_out(std::move(need.sign_out))); }
  };
  return std::visit(Visitor{*this, opened}, std::move(verdict));
}

Outcome<Decision> Core::run(const Case& opened, flow::Flow<Decision> flow) {
  // Ended before its first effect: an answer at once. Otherwise the completion gets the result.
  struct Place {
    std::optional<Result<Decision>> at_once;
    Completion completion;
  };
  auto place = std::make_shared<Place>();
  auto task = std::make_unique<flow::FlowTask<Decision>>(std::move(flow), [place](Result<Decision> result, Instant) {
    if (place->completion) return place->completion->deliver(std::move(result));
    place->at_once.emplace(std::move(result));
  });
  auto effect = task->start(opened.now());
  if (!effect) {
    if (!place->at_once->ok()) return failed(std::move(*place->at_once).error());
    return answered(std::move(*place->at_once).value(), opened.request_id());
  }
  place->completion = new_completion(opened.request_id());
  auto completion = place->completion;
  auto submitted = work.driver().submit(std::move(task), std::move(*effect), completion);
  if (!submitted.ok()) return failed(std::move(submitted).error());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(std::move(completion)));
}

Outcome<Decision> Core::refresh(const Case& opened, NeedRefresh need) {
  auto seat = take_seat();
  if (!seat) return failed({Status::too_many_operations, "too many requests wait for a session to be renewed"});
  const auto& memory = opened.memory();
  work.freshen(*memory.snapshot, need.session->provider_id, opened.now());

  auto completion = new_completion(opened.request_id());
  auto waiter = [this, seat, completion, snapshot = memory.snapshot, endpoint = need.endpoint, old = need.session,
                 request = policy::OwnedRequest::copy(*opened.question().facts.request, opened.question().facts),
                 id = std::string(opened.request_id())](const Result<Work::Session>& renewed, Instant at) {
    if (completion->is_unwanted()) return;
    Presented presented;
    if (renewed.ok()) {
      presented = after_refresh(*renewed);
    } else if (renewed.error().status == Status::grant_ended) {
      presented.reason = Reason::grant_ended;
      presented.clear_cookies = true;
    } else {
      presented = without_refresh(*snapshot, old, at);
    }
    const Memory now_known{snapshot, sessions, refreshes};
    deliver_refreshed(completion, {now_known, request->facts(), id, at}, endpoint, presented);
  };
  work.refresh(memory.snapshot, std::move(need), std::move(waiter), opened.now());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(std::move(completion)));
}

void Core::deliver_refreshed(const Completion& completion, const Question& question, policy::Endpoint endpoint,
                             const Presented& presented) {
  auto verdict = decide_presented(question, endpoint, presented);
  if (!verdict.ok()) return completion->deliver(std::move(verdict).error());
  if (auto* decision = std::get_if<Decision>(&*verdict)) return completion->deliver(std::move(*decision));
  // The session is over and the provider's metadata is not known yet: the login that follows needs it.
  auto& login = std::get<NeedMetadata>(*verdict).login;
  work.run<Decision>(
      flow::begin_login_with_metadata(std::move(login)),
      [completion](Result<Decision> decision, Instant) { completion->deliver(std::move(decision)); }, question.now);
}

Outcome<Decision> Core::redeem(const Case& opened, NeedRedeem need) {
  auto seat = take_seat();
  if (!seat) return failed({Status::too_many_operations, "too many sign-ins are under way"});
  work.freshen(*opened.memory().snapshot, need.login.provider->provider->id, opened.now());

  // A callback that is refused before anything is sent is answered at once; completion is made only when something is in flight.
  struct Place {
    std::optional<Result<Decision>> at_once;
    Completion completion;
    std::mutex mutex;
  };
  auto place = std::make_shared<Place>();
  auto waiter = [this, seat, place, snapshot = opened.memory().snapshot, request = need.login.request,
                 return_to = need.login.return_to, id = std::string(opened.request_id())](const Result<Work::Answer>& answer,
                                                                                         Instant at) {
    Result<Decision> result = [&]() -> Result<Decision> {
      if (answer.ok()) return copy_of(**answer);
      if (answer.error().status != Status::state_missing) return answer.error();
      const Memory memory{snapshot, sessions, refreshes};
      return stale_callback({memory, request->facts(), id, at}, return_to, answer.error());
    }();
    const std::scoped_lock lock(place->mutex);
    if (place->completion) return place->completion->deliver(std::move(result));
    place->at_once.emplace(std::move(result));
  };
  work.redeem(opened.memory().snapshot, std::move(need.login), std::move(waiter), opened.now());

  const std::scoped_lock lock(place->mutex);
  if (place->at_once) {
    if (!place->at_once->ok()) return failed(std::move(*place->at_once).error());
    return answered(std::move(*place->at_once).value(), opened.request_id());
  }
  place->completion = new_completion(opened.request_id());
  return std::variant<Decision, Operation<Decision>>(Operation<Decision>(place->completion));
}

}  // namespace gatelet::engine
