// Flights: the tasks under way, and what each waits for. Belongs to whoever turns the loop, a
// thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/instant.hpp"
#include "flow/effect.hpp"
#include "io/completions.hpp"
#include "io/driver.hpp"
#include "io/http_client.hpp"
#include "io/inbox.hpp"
#include "io/store.hpp"
#include "io/timers.hpp"
#include "io/worker.hpp"

namespace gatelet::io {

class Flights {
 public:
  Flights(const DriverSettings& settings, std::shared_ptr<const Clock> clock, Services& services,
          std::unique_ptr<HttpClient> client, std::unique_ptr<Store> store,
          std::shared_ptr<Inbox> inbox, Completions& queue,
          std::atomic<std::size_t>& num_in_flight);

  // One round: wait for traffic, a wake-up or a timer, at most so long; then do what there is to
  // do. Calls no code of the host. What cannot be done for want of memory ends the flight it is
  // for, or is left behind; the next round goes on.
  void round(Duration at_most) noexcept;

  // Ends everything: waiting tasks are abandoned, grants under way are given http_timeout. A grant
  // whose hook was not called yet hears that it is cancelled.
  void drain() noexcept;

  HttpClient& client() noexcept { return *client_; }

 private:
  struct Flight {
    std::unique_ptr<flow::Task> task;
    std::shared_ptr<Completion> completion;
    Timers::Id deadline;  // of the whole task
    Timers::Id timer;     // of the effect: a delay, or the time a call has
    bool awaits_answer = false;
    std::uint64_t number = 0;             // of the HookCall or Refetch it waits for; 0: neither
    bool is_counted = true;               // in num_in_flight
    std::uint64_t host_call = 0;          // the call of the host's code it waits for; 0: none
    std::optional<flow::StoreCall> lock;  // what extends the lock that the task holds
    Timers::Id extension;
  };

  // Does a step of a flight; one that throws ends it.
  template <class Step>
  void advance(FlightId id, Step&& step) noexcept;
  void fail(FlightId id, const Error& why) noexcept;

  void take_items() noexcept;
  void take(Submission item);
  void admit(FlightId id, Submission& item);
  void take(const Cancellation& item);
  void take(EffectAnswer item);
  void take(DelayedWork item);

  // What cannot be begun has failed: ends the task, or tells it where it must finish.
  void begin(FlightId id, flow::Effect effect);
  void carry_out(FlightId id, flow::Effect effect);
  void call(FlightId id, HttpCall call);
  void delay(FlightId id, Duration duration);
  void refetch(FlightId id, const flow::Refetch& wanted);
  void check(FlightId id, flow::PasswordCheck wanted);
  void ask_store(FlightId id, flow::StoreCall call);
  void ask_host(FlightId id, flow::HookCall wanted);
  void note_lock(FlightId id, const flow::StoreCall& call, const flow::StoreReply& reply);
  void extend_later(FlightId id);
  void wait(Duration at_most);
  void serve();
  void take_answers();

  void resume(FlightId id, Result<flow::Outcome> outcome);
  void give_up(FlightId id,
               const Error& why);              // detaches the caller of a grant, else ends the task
  void let_go(FlightId id, const Error& why);  // the engine ends: the same, unless no answer comes
  // The engine ends, and the hook was not called: ends the task, or tells it where it must finish.
  void go_unasked(FlightId id, const Error& why);
  void end(FlightId id, const Error& why);
  void forget(FlightId id);

  const DriverSettings settings_;
  const std::shared_ptr<const Clock> clock_;
  Services& services_;
  const std::shared_ptr<Inbox> inbox_;
  Completions& queue_;
  std::atomic<std::size_t>& num_in_flight_;
  const std::unique_ptr<HttpClient> client_;
  std::vector<EffectAnswer> answers_;   // of the store, taken within the round
  const std::unique_ptr<Store> store_;  // null: there is none
  std::vector<SocketWait> waits_;       // of the store, in this round
  Timers timers_;
  std::unordered_map<FlightId, Flight> flights_;
  std::unordered_map<const Completion*, FlightId> by_completion_;
  FlightId last_id_ = 0;
  std::uint64_t last_number_ = 0;
  Store::Id last_side_call_ = Store::Id{1} << 63;  // of calls that no task waits for
  bool is_draining_ = false;
  // So many that the last one is answered within seconds.
  static constexpr std::size_t max_waiting_passwords = 64;
  Worker passwords_{max_waiting_passwords};  // last: its thread ends first
};

}  // namespace gatelet::io
