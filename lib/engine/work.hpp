// The engine's own tasks: fetching metadata and keys, renewing sessions, redeeming codes. Each is
// done once, whoever asks and however many; whoever asked waits for it, and may go away without
// taking the work down.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/callback_book.hpp"
#include "engine/decide.hpp"
#include "engine/deny_book.hpp"
#include "engine/events.hpp"
#include "engine/metrics.hpp"
#include "engine/record_changes.hpp"
#include "engine/refetch_budget.hpp"
#include "engine/refresh_book.hpp"
#include "engine/single_flight.hpp"
#include "engine/snapshot.hpp"
#include "engine/turns.hpp"
#include "flow/deny_list.hpp"
#include "flow/effect.hpp"
#include "flow/refresh_session.hpp"
#include "flow/save_session.hpp"
#include "flow/task.hpp"
#include "io/attempt.hpp"
#include "io/driver.hpp"

namespace gatelet::engine {

class Work final : public io::Services, public io::StoreWatcher {
 public:
  using Session = std::shared_ptr<const session::Session>;
  using Answer = std::shared_ptr<const Decision>;

  Work(SnapshotBox& snapshots, RefreshBook& refreshes, DenyBook& denied, RecordChanges& changes,
       Metrics& metrics, Events& events, std::shared_ptr<const Clock> clock,
       io::DriverSettings settings);

  io::Driver& driver() noexcept { return *driver_; }
  const std::shared_ptr<io::Driver>& shared_driver() const noexcept { return driver_; }

  // Asks the store for the session behind the tickets, once for all who ask for the same ones and
  // know of the same changes: what was asked before one is no answer for those who come after it.
  // Before that for the deny list, where what is known of it is too old.
  void load(const std::shared_ptr<const Snapshot>& snapshot,
            std::vector<flow::SharedTicket> tickets, SingleFlight<Session>::Waiter waiter,
            Instant now);

  // Asks the store for the deny list, behind whatever is answered; not more than a few times a
  // second.
  void freshen_deny_list(const std::shared_ptr<const Snapshot>& snapshot, Instant now);

  // Renews the session at its provider. The waiter is called once: inside this call, or on the
  // driver's loop.
  void refresh(const std::shared_ptr<const Snapshot>& snapshot, NeedRefresh need,
               SingleFlight<Session>::Waiter waiter, Instant now);

  // Notes a session's use at `now` in the store, unless one was noted there a moment ago.
  // `on_failed`: it could not be noted, and may be tried again.
  void note_use(const std::shared_ptr<const Snapshot>& snapshot, flow::SharedTicket ticket,
                Instant now, std::function<void()> on_failed);

  // Compares a password with its hash, once for all who try the same at the same time.
  void check_password(const std::string& attempt, flow::CheckPassword check,
                      SingleFlight<bool>::Waiter waiter, Instant now);

  // Redeems a checked callback. A state that was redeemed before gives the same answer for a few
  // seconds, then `stale`.
  void redeem(const std::shared_ptr<const Snapshot>& snapshot, flow::FinishLogin login,
              SingleFlight<Answer>::Waiter waiter, Instant now);

  // Tells events and metrics how a session is kept.
  flow::OnSaveNote on_save_note(std::string provider_id, std::string request_id);

  // Fetches in the background what is older than an hour; the old stays in use meanwhile, keys for
  // a day at most.
  void freshen(const Snapshot& snapshot, std::string_view provider_id, Instant now);

  // The engine is about to end: new tokens that the store did not take yet are tried once more, for
  // as long as a grant under way is waited for. Call before the driver is stopped.
  void put_all_now() noexcept;

  // io::Services: a flow wants newer metadata or keys.
  void refetch(const flow::Refetch& wanted,
               std::function<void(Result<flow::Refetched>)> done) override;
  io::StoreWatcher* store_watcher() noexcept override { return this; }

  // io::StoreWatcher: the store tells of changes.
  void changed(std::span<const std::string> keys) override;
  void changed_all() override;
  void told_until(Deadline moment) override;
  void will_not_tell(const Error& why) override;

  // Runs a flow as a task of the engine's own.
  template <class T>
  void run(flow::Flow<T> flow, typename flow::FlowTask<T>::Deliver deliver, Instant now) {
    auto task = std::make_unique<flow::FlowTask<T>>(std::move(flow), std::move(deliver));
    auto effect = task->start(now);
    // A refused submission abandons the task, which delivers the refusal.
    if (effect) (void)driver_->submit(std::move(task), std::move(*effect), nullptr).ok();
  }

 private:
  // A step of whoever leads a flight, after the join. What is thrown on the way finishes the
  // flight: whoever waits would wait for ever, and so would all who join it later.
  template <class T, class Step>
  void as_leader(SingleFlight<T>& flights, const std::string& name, Step&& step, Instant now) {
    if (const auto problem = io::attempt(step)) flights.finish(name, *problem, now);
  }

  // Runs a flow as the task of a flight that this call leads: `then` gets the flight's name and
  // the result, and must finish it.
  template <class R, class T, class Begin, class Then>
  void lead(SingleFlight<T>& flights, const std::string& name, Begin&& begin, Then then,
            Instant now) {
    as_leader(
        flights, name,
        [&] {
          run<R>(
              begin(),
              [&flights, name, then = std::move(then)](Result<R> result, Instant at) {
                const auto thrown = io::attempt([&] { then(name, std::move(result), at); });
                if (thrown) flights.finish(name, *thrown, at);
              },
              now);
        },
        now);
  }

  using State = std::shared_ptr<const oidc::ProviderState>;

  void load_session(const std::shared_ptr<const Snapshot>& snapshot,
                    std::vector<flow::SharedTicket> tickets, SingleFlight<Session>::Waiter waiter,
                    Instant now);
  // What a request came with, the newest that this was renewed to before, and the new one.
  struct Renewal {
    Session asked, old, renewed;
  };
  // A renewed session that the store did not take; or one that it took and did not erase.
  struct NotPut {
    std::shared_ptr<const Snapshot> snapshot;
    Renewal renewal;
    Duration tried_until;    // steady clock
    bool is_denied = false;  // it goes
  };
  flow::RefreshSession refresh_of(const std::shared_ptr<const Snapshot>& snapshot, NeedRefresh need,
                                  const std::shared_ptr<bool>& is_put, Instant now);
  // False: the engine ends, or there is no memory. So does keep_in_hand.
  bool put_later(const std::shared_ptr<const NotPut>& one, Duration pause);
  void put_again(const std::shared_ptr<const NotPut>& one, Duration pause, Duration patience,
                 Instant now);
  bool is_over(const Snapshot& snapshot, const Renewal& renewal) const;
  bool keep_in_hand(const std::shared_ptr<const NotPut>& one) noexcept;
  void settle(const std::shared_ptr<const NotPut>& one);
  void judge_later(const std::shared_ptr<const NotPut>& one, Duration pause);
  void put_back(const std::shared_ptr<const Snapshot>& snapshot, std::vector<session::Denial> lost,
                Instant now);
  void load_deny_list(const std::shared_ptr<const Snapshot>& snapshot,
                      SingleFlight<flow::SharedDenyList>::Waiter waiter, Instant now);
  void index(const std::shared_ptr<const Snapshot>& snapshot, const Session& session, Instant now);
  // Requires that the caller leads the flight `name`, of this provider and `what`.
  void fetch(const std::string& name, const Snapshot& snapshot, const State& current,
             flow::Refetch::What what, Instant now);
  void keep_fetched(const std::string& flight, const std::string& provider_id,
                    std::uint64_t generation, Result<oidc::ProviderState> fetched, Instant at);
  void keep_renewed(const std::string& flight, const Session& old, Result<session::Session> renewed,
                    bool is_put, Instant at);
  void end_denied(const std::shared_ptr<const Snapshot>& snapshot, const std::string& flight,
                  const Session& old, session::Session renewed, Instant now);
  void end_unkept(const std::shared_ptr<const Snapshot>& snapshot, const Session& old,
                  Session whole, Instant now);
  Result<session::Session> as_kept(const Snapshot& snapshot, session::Session renewed);
  bool may_fetch(const State& current, flow::Refetch::What what, Instant now);

  SnapshotBox& snapshots_;
  RefreshBook& refreshes_;
  DenyBook& denied_;
  RecordChanges& changes_;
  Metrics& metrics_;
  Events& events_;
  const std::shared_ptr<const Clock> clock_;
  const Duration patience_;       // with another process that renews a session
  const Duration last_patience_;  // with a store, when the engine ends
  std::mutex not_put_mutex_;
  // Guarded by not_put_mutex_: those that the store is to take yet.
  std::set<std::shared_ptr<const NotPut>> not_put_;
  bool is_ending_ = false;
  RefetchBudget budget_;
  CallbackBook callbacks_;
  SingleFlight<State> fetches_;
  SingleFlight<flow::SharedDenyList> deny_loads_;
  SingleFlight<Session> loads_;
  Turns indexed_;          // sessions of oauth2-proxy's, by ticket
  Turns asked_behind_{1};  // for the deny list
  SingleFlight<Session> renewals_;
  SingleFlight<Answer> redemptions_;
  SingleFlight<bool> attempts_;
  const std::shared_ptr<io::Driver> driver_;  // last: stopped first
};

// A copy of an own answer; of an allow only its response fields would be left, so it is a 500.
Decision copy_of(const Decision& answer);

}  // namespace gatelet::engine
