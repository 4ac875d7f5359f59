// What an Engine is made of: the snapshot, the memory, the engine's own tasks, and the books it
// keeps.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <gatelet/engine.hpp>

#include "base/result.hpp"
#include "engine/assemble.hpp"
#include "engine/decide.hpp"
#include "engine/events.hpp"
#include "engine/failure.hpp"
#include "engine/file_watch.hpp"
#include "engine/host_loop.hpp"
#include "engine/metrics.hpp"
#include "engine/request_number.hpp"
#include "engine/seats.hpp"
#include "engine/session_control.hpp"
#include "engine/turns.hpp"
#include "engine/work.hpp"
#include "io/completions.hpp"

namespace gatelet::engine {

class Core;

// One request's life in the engine: the snapshot of its moment, settled facts, the id for logs and
// pages. Views the request it was made from.
class Case {
 public:
  Case(Core& core, const RequestView& request);
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  bool is_refused() const noexcept { return !facts_.ok(); }
  Decision refusal() const {
    return refuse_request(*memory_.snapshot, facts_.error(), request_id_, now_);
  }
  Question question() { return {memory_, *facts_, request_id_, now_, notes_}; }
  const Memory& memory() const noexcept { return memory_; }
  const Notes& notes() const noexcept { return notes_; }
  std::string_view request_id() const noexcept { return request_id_; }
  Instant now() const noexcept { return now_; }

  // For log lines; null for a request that could not be read.
  const policy::RequestFacts* facts() const noexcept { return facts_.ok() ? &*facts_ : nullptr; }
  const policy::Policy& policy() const noexcept { return memory_.snapshot->context->policy; }
  policy::Asked asked() const { return policy::asked_by(policy(), request_, facts()); }

 private:
  const RequestView& request_;
  Memory memory_;
  Instant now_;
  Result<policy::RequestFacts> facts_;
  RequestNumbers::Text number_{};
  std::string_view request_id_;
  Notes notes_;
};

class Core {
 public:
  // One key for each table that strangers may look into.
  struct HashKeys {
    std::array<unsigned char, 16> numbers, sessions, refreshes;
  };

  Core(Ports ports, Assembled assembled, const HashKeys& keys);
  ~Core();  // ends all work first

  // Asked first at every call: in such a child nothing else is touched, since a thread that stayed
  // behind may hold any lock.
  bool is_forked() const noexcept { return work.shared_driver()->forked(); }
  static Error forked_error() { return {Status::forked, "this engine was started before a fork"}; }

  // What a Question is asked; copied where the answer must wait and is asked for again.
  using Ask = std::function<Result<Verdict>(const Question&)>;

  // What decide and its pieces share. `ask` maps a Question to a Result<Verdict>, and owns its
  // data.
  template <class A>
  Outcome<Decision> answer(const RequestView& request, const A& ask) {
    if (is_forked()) return failed(forked_error());
    Case opened(*this, request);
    if (opened.memory().snapshot->watches_files()) files.begin();
    if (opened.is_refused()) return answered(opened.refusal(), opened);
    auto verdict = ask(opened.question());
    tell(opened.notes(), opened.request_id());
    if (const auto& by_token = opened.notes().by_token) {
      work.freshen(*opened.memory().snapshot, by_token->provider_id, opened.now());
    }
    if (!verdict.ok()) return failed(std::move(verdict).error());
    if (auto* decision = std::get_if<Decision>(&*verdict)) {
      go_on_behind(opened.memory().snapshot, opened.notes(), opened.now());
      return answered(std::move(*decision), opened);
    }
    if (auto* need = std::get_if<NeedLoad>(&*verdict)) {
      return load(opened, std::move(*need), Ask(ask));
    }
    return carry_out(opened, std::move(verdict).value());
  }

  Outcome<Identity> identify(const RequestView& request);

  // What is asked of the session control; `ask` is given it, what deciding sees, and the moment.
  template <class A>
  Outcome<Sessions> ask_control(const A& ask) {
    if (is_forked()) return forked_error();
    return ask(control, memory_at(snapshots.load()), ports.clock->now());
  }

  Result<void> reload(const Settings& settings);

  // What deciding works with, by these settings.
  Memory memory_at(std::shared_ptr<const Snapshot> snapshot, const Loaded* loaded = nullptr) {
    return {std::move(snapshot), sessions, refreshes, denied, dropped, loaded};
  }

  const Ports ports;
  SnapshotBox snapshots;
  SessionCache sessions;
  RefreshBook refreshes;
  DenyBook denied;
  DroppedCookies dropped;
  RequestNumbers numbers;
  // Shared with operations that outlive the engine.
  const std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
  const std::shared_ptr<Events> events;
  Seats seats;  // callers that wait for work of others count against max_operations as well
  Work work;
  SessionControl control;
  FileWatch files;
  HostLoop loop;

 private:
  using Completion = std::shared_ptr<io::CompletionOf<Decision>>;

  Outcome<Decision> answered(Decision decision, const Case& opened);
  Outcome<Decision> failed(Error error);
  void tell(const Notes& notes, std::string_view request_id);

  // Does what a verdict asks for: an answer, or an operation in flight.
  Outcome<Decision> carry_out(Case& opened, Verdict verdict);
  Outcome<Decision> run(const Case& opened, flow::Flow<Decision> flow);
  Outcome<Decision> load(Case& opened, NeedLoad need, Ask ask);
  Outcome<Decision> refresh(Case& opened, NeedRefresh need);
  Outcome<Decision> verify_bearer(Case& opened, NeedBearer need);
  Outcome<Decision> check_password(Case& opened, NeedPassword need);
  Outcome<Decision> change(Case& opened, NeedChange need);
  Outcome<Decision> redeem(const Case& opened, NeedRedeem need);

  // A request whose answer waits for work that was begun: core_waiting.cpp.
  class Waiting;
  std::shared_ptr<Waiting> wait_for(Case& opened);
  void load_for(const std::shared_ptr<Waiting>& waiting, NeedLoad need, Ask ask, Instant now);
  // What is due behind an answer.
  void go_on_behind(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                    Instant now);
  void refresh_behind(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes,
                      Instant now);
  void note_use(const std::shared_ptr<const Snapshot>& snapshot, const Notes& notes, Instant now);
  void refresh_for(const std::shared_ptr<Waiting>& waiting, NeedRefresh need, Instant now);
  void change_for(const std::shared_ptr<Waiting>& waiting, NeedChange need, Instant now);
  void check_for(const std::shared_ptr<Waiting>& waiting, NeedPassword need, Instant now);

  // On the driver's loop: decides such a request with what the work came to, and does what is
  // needed besides. `loaded`: what the store said, where it was asked.
  void conclude(const std::shared_ptr<Waiting>& waiting, Instant at, const Ask& decide,
                const Loaded* loaded = nullptr, bool runs_to_end = false);
  void decide_now(const std::shared_ptr<Waiting>& waiting, Instant at, const Ask& decide,
                  const Loaded* loaded);
  void run_for(const std::shared_ptr<Waiting>& waiting, flow::Flow<Decision> flow, Instant now);
  flow::Flow<Decision> begin_session_of(NeedSave need, std::string_view request_id);
  flow::Flow<Decision> sign_out_of(NeedSignOut need);
  std::function<void()> on_replaced(std::shared_ptr<const flow::Context> context,
                                    std::shared_ptr<const policy::OwnedRequest> request,
                                    std::string hashed_state);

  Completion new_completion(const Case& opened);

  std::string_view fixed_change(const Assembled& after) const;  // names it; empty: none

  Turns uses_;  // to note a session's use in the store
  // What a reload cannot change.
  const io::DriverSettings driver_settings_;
  const std::size_t session_cache_size_;

  std::mutex reloading_;
};

// Tells the host's log what an operator should know at each start.
void announce(const std::vector<std::string>& warnings, const std::vector<config::Notice>& notices,
              Events& events);

}  // namespace gatelet::engine
