#include "io/flights.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "io/attempt.hpp"
#include "io/signals.hpp"

namespace gatelet::io {
namespace {

using SteadyClock = std::chrono::steady_clock;

Error ended_error() { return {Status::cancelled, "the engine ends"}; }

bool is_about_lock(const flow::StoreCall& call) noexcept {
  using What = flow::StoreCall::What;
  return call.what == What::lock || call.what == What::extend || call.what == What::unlock;
}

template <class T>
Result<flow::Outcome> outcome_of(Result<T> result) {
  if (!result.ok()) return std::move(result).error();
  return flow::Outcome(std::move(result).value());
}

// A veto's text as it may stand in a log.
std::string one_line(std::string text) {
  constexpr std::size_t max_size = 256;
  if (text.size() > max_size) text.resize(max_size);
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return text;
}

// Runs code of the host's: anything but a plain yes is a veto. The texts made here need no memory.
Result<flow::Outcome> verdict_of(const flow::HookCall& asked) noexcept {
  try {
    auto said = (*asked.hook)(asked.event);
    if (said.ok()) return flow::Outcome(flow::HookPassed{});
    return Error{Status::vetoed, one_line(std::move(said).error().text)};
  } catch (...) {
    return Error{Status::vetoed, "the hook threw"};
  }
}

}  // namespace

Flights::Flights(const DriverSettings& settings, std::shared_ptr<const Clock> clock,
                 Services& services, std::unique_ptr<HttpClient> client,
                 std::unique_ptr<Store> store, std::shared_ptr<Inbox> inbox, Completions& queue,
                 std::atomic<std::size_t>& num_in_flight)
    : settings_(settings),
      clock_(std::move(clock)),
      services_(services),
      inbox_(std::move(inbox)),
      queue_(queue),
      num_in_flight_(num_in_flight),
      client_(std::move(client)),
      store_(std::move(store)) {}

void Flights::round(Duration at_most) noexcept {
  (void)attempt([&] { wait(at_most); });

  // Not during the wait: in caller mode the host's signals are due there.
  std::optional<QuietSignals> quiet;
  if (!settings_.own_thread) quiet.emplace();
  take_items();
  (void)attempt([this] { serve(); });
  // Before the timers, whatever was thrown: the flight of a call whose time is over may ask anew,
  // and must not be given the answer to the old call.
  (void)attempt([this] { take_answers(); });
  (void)attempt([this] {
    timers_.fire(SteadyClock::now());
    take_answers();
  });
}

void Flights::take_items() noexcept {
  std::vector<Item> items;
  (void)attempt([&] { items = inbox_->take(); });
  for (auto& item : items) {
    (void)attempt([&] { std::visit([this](auto& one) { take(std::move(one)); }, item); });
  }
}

void Flights::serve() {
  if (store_) store_->serve(waits_, SteadyClock::now());
  client_->perform();
  while (auto finished = client_->take_finished()) {
    resume(finished->id, outcome_of(std::move(finished->reply)));
  }
}

void Flights::take_answers() {
  while (!answers_.empty()) {
    for (auto& answer : std::exchange(answers_, {})) take(std::move(answer));
  }
}

void Flights::wait(Duration at_most) {
  if (!inbox_->is_empty()) at_most = Duration::zero();
  waits_.clear();
  if (store_) store_->add_waits(waits_);
  const auto now = SteadyClock::now();
  for (const auto& next : {timers_.next(), store_ ? store_->next_deadline() : std::nullopt}) {
    if (next) at_most = std::min(at_most, std::max<Duration>(*next - now, Duration::zero()));
  }
  client_->wait(at_most, waits_);
}

void Flights::drain() noexcept {
  {
    const QuietSignals quiet;
    take_items();  // what was submitted before the end has begun, and may have to finish
  }
  is_draining_ = true;
  for (auto next = flights_.begin(); next != flights_.end();) {
    const QuietSignals quiet;
    const auto id = (next++)->first;
    advance(id, [&] { let_go(id, ended_error()); });
  }
  const auto deadline = SteadyClock::now() + settings_.http_timeout;
  for (;;) {
    const auto now = SteadyClock::now();
    if (flights_.empty() || now >= deadline) break;
    round(deadline - now);
  }

  const QuietSignals quiet;
  while (!flights_.empty()) {
    (void)attempt([&] { end(flights_.begin()->first, ended_error()); });
  }
  answers_.clear();
  for (auto& item : inbox_->close()) {
    if (std::holds_alternative<EffectAnswer>(item)) continue;
    (void)attempt([&] { std::visit([this](auto& one) { take(std::move(one)); }, item); });
  }
  timers_.clear();
}

template <class Step>
void Flights::advance(FlightId id, Step&& step) noexcept {
  if (const auto problem = attempt(step)) fail(id, *problem);
}

void Flights::fail(FlightId id, const Error& why) noexcept {
  const auto flight = flights_.find(id);
  if (flight == flights_.end()) return;
  const auto completion = flight->second.completion;
  (void)attempt([&] { end(id, why); });
  if (completion) (void)attempt([&] { completion->fail(why); });  // if nobody else told it
}

void Flights::take(Submission item) {
  if (is_draining_) {
    num_in_flight_.fetch_sub(1);
    return item.task->abandon(ended_error());
  }
  const auto id = ++last_id_;
  if (const auto problem = attempt([&] { flights_[id]; })) {
    num_in_flight_.fetch_sub(1);
    return item.task->abandon(*problem);
  }
  advance(id, [&] { admit(id, item); });
}

void Flights::admit(FlightId id, Submission& item) {
  auto& flight = flights_.at(id);
  flight.task = std::move(item.task);
  flight.completion = std::move(item.completion);
  if (flight.completion) by_completion_[flight.completion.get()] = id;
  const auto due = SteadyClock::now() + settings_.operation_timeout;
  flight.deadline = timers_.add(due, [this, id] {
    if (flights_.at(id).host_call != 0) return;  // which has a timer of its own: a refusal is due
    advance(id, [&] { give_up(id, {Status::timed_out, "the operation was not done in time"}); });
  });
  begin(id, std::move(item.effect));
}

void Flights::take(const Cancellation& item) {
  const Error cancelled{Status::cancelled, "the operation was cancelled"};
  const auto place = by_completion_.find(item.completion.get());
  if (place == by_completion_.end()) return item.completion->fail(cancelled);
  give_up(place->second, cancelled);
}

void Flights::take(EffectAnswer item) {
  const auto flight = flights_.find(item.flight);
  if (flight == flights_.end() || item.number != flight->second.number) return;
  if (!std::exchange(flight->second.awaits_answer, false)) return;
  resume(item.flight, std::move(item.outcome));
}

void Flights::take(DelayedWork item) {
  if (is_draining_) return;
  std::shared_ptr<const std::function<void(Instant)>> work;
  const auto problem = attempt([&] {
    work = std::make_shared<const std::function<void(Instant)>>(std::move(item.work));
    timers_.add(item.at, [this, work] { (*work)(clock_->now()); });
  });
  // Sooner rather than never: it may be what begins itself anew.
  if (problem) (work ? *work : item.work)(clock_->now());
}

void Flights::begin(FlightId id, flow::Effect effect) {
  const bool is_rest = std::holds_alternative<flow::Delay>(effect);
  const auto problem = attempt([&] { carry_out(id, std::move(effect)); });
  const auto place = flights_.find(id);
  if (!problem || place == flights_.end()) return;
  auto& flight = place->second;
  // It may have new tokens in hand, which are nowhere else.
  if (!flight.task->must_finish()) return fail(id, *problem);
  flight.awaits_answer = false;
  queue_.withdraw_call(flight.host_call);
  (void)attempt([&] { client_->cancel(id); });
  if (store_) (void)attempt([&] { store_->forget(id); });
  std::erase_if(answers_, [id](const EffectAnswer& one) { return one.flight == id; });
  // A rest is over at once: no flow expects that one fails.
  resume(id, is_rest ? Result<flow::Outcome>(flow::Elapsed{}) : *problem);
}

void Flights::carry_out(FlightId id, flow::Effect effect) {
  struct Visitor {
    Flights& flights;
    FlightId id;
    void operator()(HttpCall& call) { flights.call(id, std::move(call)); }
    void operator()(flow::Delay& delay) { flights.delay(id, delay.duration); }
    void operator()(flow::Refetch& wanted) { flights.refetch(id, wanted); }
    void operator()(flow::PasswordCheck& wanted) { flights.check(id, std::move(wanted)); }
    void operator()(flow::StoreCall& call) { flights.ask_store(id, std::move(call)); }
    void operator()(flow::HookCall& wanted) { flights.ask_host(id, std::move(wanted)); }
  };
  std::visit(Visitor{*this, id}, effect);
}

void Flights::call(FlightId id, HttpCall call) {
  flights_.at(id).timer = timers_.add(SteadyClock::now() + settings_.http_timeout, [this, id] {
    advance(id, [&] {
      client_->cancel(id);
      resume(id, Error{Status::timed_out, "the provider did not answer in time"});
    });
  });
  client_->start(id, std::move(call));
}

void Flights::delay(FlightId id, Duration duration) {
  flights_.at(id).timer = timers_.add(SteadyClock::now() + duration,
                                      [this, id] { resume(id, flow::Outcome(flow::Elapsed{})); });
}

void Flights::refetch(FlightId id, const flow::Refetch& wanted) {
  auto& flight = flights_.at(id);
  const auto number = flight.number = ++last_number_;
  flight.awaits_answer = true;
  // Whoever fetches has no longer either. An answer may be lost for want of memory.
  flight.timer = timers_.add(SteadyClock::now() + settings_.operation_timeout, [this, id, number] {
    advance(id, [&] {
      take(EffectAnswer{id, Error{Status::timed_out, "the provider did not answer in time"},
                        number});
    });
  });
  // Through the inbox, whatever thread answers: never inside the call.
  auto done = [inbox = inbox_, id, number](Result<flow::Refetched> result) {
    inbox->push(EffectAnswer{id, outcome_of(std::move(result)), number});
  };
  if (is_draining_) return done(ended_error());
  services_.refetch(wanted, std::move(done));
}

void Flights::check(FlightId id, flow::PasswordCheck wanted) {
  flights_.at(id).awaits_answer = true;
  const auto job = std::make_shared<const flow::PasswordCheck>(std::move(wanted));
  auto taken = passwords_.push([inbox = inbox_, id, job] {
    flow::PasswordChecked checked;
    const auto problem =
        attempt([&] { checked.matches = job->hash->slow_match(job->password.reveal()); });
    if (problem) inbox->push(EffectAnswer{id, *problem});
    if (!problem) inbox->push(EffectAnswer{id, flow::Outcome(checked)});
  });
  if (!taken.ok()) inbox_->push(EffectAnswer{id, std::move(taken).error()});
}

void Flights::ask_store(FlightId id, flow::StoreCall call) {
  auto& flight = flights_.at(id);
  flight.awaits_answer = true;
  if (!store_) {
    answers_.push_back({id, Error{Status::internal, "there is no session store"}});
    return;
  }
  flight.timer = timers_.add(SteadyClock::now() + settings_.store.timeout, [this, id] {
    advance(id, [&] {
      store_->forget(id);
      std::erase_if(answers_, [id](const auto& one) { return one.flight == id; });
      take(EffectAnswer{
          id, Error{Status::store_unreachable, "the session store did not answer in time"}});
    });
  });
  auto about_lock = is_about_lock(call) ? std::optional(call) : std::nullopt;
  // Kept for the end of the round: a store may answer inside the call.
  store_->start(id, std::move(call),
                [this, id, about_lock = std::move(about_lock)](Result<flow::StoreReply> reply) {
                  if (about_lock && reply.ok()) {
                    (void)attempt([&] { note_lock(id, *about_lock, *reply); });
                  }
                  answers_.push_back({id, outcome_of(std::move(reply))});
                });
}

void Flights::ask_host(FlightId id, flow::HookCall wanted) {
  auto& flight = flights_.at(id);
  const auto number = flight.number = flight.host_call = ++last_number_;
  flight.awaits_answer = true;
  const auto job = std::make_shared<const flow::HookCall>(std::move(wanted));
  const bool is_asked = queue_.ask_host(number, [inbox = inbox_, id, number, job] {
    inbox->push(EffectAnswer{id, verdict_of(*job), number});
  });
  // Not a veto: the engine ends, which must end no session.
  if (!is_asked) return go_unasked(id, ended_error());

  auto due = flight.deadline.at;
  if (flight.task->must_finish()) due = std::max(due, SteadyClock::now() + settings_.http_timeout);
  flight.timer = timers_.add(due, [this, id, number] {
    queue_.withdraw_call(number);
    advance(id, [&] {
      take(EffectAnswer{id, Error{Status::vetoed, "no thread of the host called the hook in time"},
                        number});
    });
  });
}

// A lock that a task holds is extended at a third of its lease while the task does other things,
// until it releases the lock, loses it, or ends: then the lock ends with its lease.
void Flights::note_lock(FlightId id, const flow::StoreCall& call, const flow::StoreReply& reply) {
  const auto place = flights_.find(id);
  if (place == flights_.end()) return;
  auto& flight = place->second;
  timers_.remove(std::exchange(flight.extension, {}));
  flight.lock.reset();
  if (!reply.is_owner || call.what == flow::StoreCall::What::unlock) return;
  flight.lock = flow::StoreCall::extend(call.key, call.value, call.lifetime);
  extend_later(id);
}

void Flights::extend_later(FlightId id) {
  auto& flight = flights_.at(id);
  flight.extension = timers_.add(SteadyClock::now() + flight.lock->lifetime / 3, [this, id] {
    // Whoever lost the lock finds out by asking; nobody waits for this answer.
    (void)attempt([&] {
      store_->start(++last_side_call_, *flights_.at(id).lock,
                    [](const Result<flow::StoreReply>&) {});
    });
    (void)attempt([&] { extend_later(id); });
  });
}

void Flights::resume(FlightId id, Result<flow::Outcome> outcome) {
  const auto place = flights_.find(id);
  if (place == flights_.end()) return;
  auto& flight = place->second;
  timers_.remove(std::exchange(flight.timer, {}));
  flight.number = flight.host_call = 0;

  advance(id, [&] {
    // The place counts as free while the task goes on: whoever sees the result may start anew.
    flight.is_counted = false;
    num_in_flight_.fetch_sub(1);
    auto effect = flight.task->resume(flow::Reply(std::move(outcome), clock_->now()));
    if (!effect) return forget(id);
    num_in_flight_.fetch_add(1);
    flight.is_counted = true;
    begin(id, std::move(*effect));
  });
}

void Flights::give_up(FlightId id, const Error& why) {
  auto& flight = flights_.at(id);
  if (!flight.task->must_finish()) return end(id, why);
  if (!flight.completion) return;
  by_completion_.erase(flight.completion.get());
  std::exchange(flight.completion, nullptr)->fail(why);
}

void Flights::let_go(FlightId id, const Error& why) {
  const auto call = flights_.at(id).host_call;
  if (call != 0 && queue_.withdraw_call(call)) return go_unasked(id, why);
  give_up(id, why);
}

void Flights::go_unasked(FlightId id, const Error& why) {
  give_up(id, why);
  const auto flight = flights_.find(id);
  if (flight == flights_.end()) return;
  flight->second.awaits_answer = false;
  resume(id, why);
}

void Flights::end(FlightId id, const Error& why) {
  auto& flight = flights_.at(id);
  const auto task = std::move(flight.task);
  queue_.withdraw_call(flight.host_call);
  if (flight.is_counted) num_in_flight_.fetch_sub(1);
  forget(id);
  (void)attempt([&] { client_->cancel(id); });
  if (store_) (void)attempt([&] { store_->forget(id); });
  task->abandon(why);
}

void Flights::forget(FlightId id) {
  const auto place = flights_.find(id);
  auto& flight = place->second;
  timers_.remove(flight.deadline);
  timers_.remove(flight.timer);
  timers_.remove(flight.extension);
  if (flight.completion) by_completion_.erase(flight.completion.get());
  flights_.erase(place);
}

}  // namespace gatelet::io
