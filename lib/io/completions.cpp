#include "io/completions.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <string>
#include <utility>

#include "io/attempt.hpp"
#include "io/driver.hpp"
#include "io/inbox.hpp"
#include "io/system.hpp"

namespace gatelet::io {

// Stands on the stack of the thread that waits. In a forked child it belongs to nobody, and no
// destructor of ours waits for it.
struct Sleeper {
  std::condition_variable awake;
  Sleeper* next = nullptr;       // guarded by the queue's mutex
  bool may_lead = false;         // wants the lead when it is free
  bool wants_callbacks = false;  // wants to know when a callback waits
  bool makes_calls = false;      // ... and when a call of the host's code does
};

namespace {

// Says for a time, under the lock, who waits.
class Waiting {
 public:
  Waiting(Sleeper*& place, Sleeper& me) noexcept : place_(place) { place_ = &me; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { place_ = nullptr; }

 private:
  Sleeper*& place_;
};

}  // namespace

Error forked_error() { return {Status::forked, std::string(status_sentence(Status::forked))}; }

Completion::Completion(const std::shared_ptr<Driver>& driver)
    : queue_(driver->shared_completions()), driver_(driver) {}

Completion::~Completion() = default;

Completion::Lock Completion::lock() const { return Lock(queue_->mutex_); }

bool Completion::is_forked() const noexcept { return queue_->is_forked(); }

void Completion::cancel() noexcept {
  if (is_ready() || is_forked() || unwanted_.exchange(true)) return;
  queue_->inbox_->push(Cancellation{shared_from_this()});
}

void Completion::drop() noexcept {
  if (is_forked()) return;
  const bool was_cancelled = unwanted_.exchange(true);
  queue_->withdraw(*this);
  discard();
  if (!is_ready() && !was_cancelled) queue_->inbox_->push(Cancellation{shared_from_this()});
}

void Completion::announce(Lock lock, bool has_callback) {
  ready_.store(true, std::memory_order_release);
  if (sleeper_) sleeper_->awake.notify_one();
  if (has_callback) enqueue(lock);
  // A leader that is another thread may wait in the loop for just this.
  if (queue_->is_led_ && !queue_->is_leader()) queue_->inbox_->wake();
}

void Completion::prepare_to_enqueue() {
  if (place_.empty()) place_.emplace_back();
}

void Completion::enqueue(Lock&) noexcept {
  place_.front() = shared_from_this();
  queue_->waiting_.splice(queue_->waiting_.end(), place_);
  queue_->ready_fd_.set(true);
  for (auto* sleeper = queue_->sleepers_; sleeper; sleeper = sleeper->next) {
    if (sleeper->wants_callbacks) sleeper->awake.notify_one();
  }
}

Result<void> Completion::may_wait() const {
  if (is_forked()) return forked_error();
  if (queue_->is_calling()) {
    return Error{Status::in_callback, std::string(status_sentence(Status::in_callback))};
  }
  return {};
}

Result<void> Completion::wait_until_ready(Deadline deadline) {
  if (is_ready()) return {};
  const auto driver = driver_.lock();
  if (!driver) return Error{Status::cancelled, "the engine has ended"};
  return driver->wait_for(*this, deadline);
}

Completions::Completions(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
Completions::~Completions() = default;

int Completions::fd() noexcept {
  if (is_forked() || !mark_opened()) return -1;
  const std::scoped_lock lock(mutex_);
  return ready_fd_.get();
}

std::size_t Completions::dispatch(std::size_t max) {
  if (is_forked()) return 0;
  std::size_t num_run = 0;
  Lock lock(mutex_);
  // What callbacks add waits for the next call: a dispatch always ends.
  for (auto left = std::min(max, calls_.size() + waiting_.size()); left > 0; --left) {
    if (has_call()) {
      make_call(lock);
      ++num_run;
      continue;
    }
    if (waiting_.empty()) break;
    auto one = std::move(waiting_.front());
    waiting_.pop_front();
    show_waiting();
    one->is_running_ = true;
    lock.unlock();
    {
      const Calling calling(*this, one.get());
      one->hand_out();
    }
    ++num_run;
    one.reset();  // without the lock
    lock.lock();
  }
  return num_run;
}

bool Completions::ask_host(std::uint64_t id, std::function<void()> call) {
  const Lock lock(mutex_);
  if (is_ending_) return false;
  calls_.push_back({id, std::move(call)});
  show_waiting();
  // Each that can make it: the one that was told may be leaving.
  for (auto* sleeper = sleepers_; sleeper; sleeper = sleeper->next) {
    if (sleeper->makes_calls) sleeper->awake.notify_one();
  }
  return true;
}

bool Completions::withdraw_call(std::uint64_t id) noexcept {
  HostCall withdrawn;  // destroyed without the lock
  const Lock lock(mutex_);
  const auto place =
      std::find_if(calls_.begin(), calls_.end(), [&](const auto& one) { return one.id == id; });
  if (place == calls_.end()) return false;
  withdrawn = std::move(*place);
  calls_.erase(place);
  show_waiting();
  return true;
}

// Requires has_call().
void Completions::make_call(Lock& lock) {
  auto one = std::move(calls_.front());
  calls_.pop_front();
  ++num_running_calls_;
  show_waiting();
  lock.unlock();
  // What it throws: no memory for its answer. Whoever waits for that has a time limit.
  (void)attempt([&] {
    const Calling calling(*this, nullptr);
    (void)attempt(one.call);
    one.call = nullptr;  // with what it holds of the host's, before the end is told
  });
  lock.lock();
  --num_running_calls_;
  if (!is_ending_) return;
  for (auto* sleeper = sleepers_; sleeper; sleeper = sleeper->next) sleeper->awake.notify_one();
}

void Completions::show_waiting() noexcept { ready_fd_.set(has_call() || !waiting_.empty()); }

Completions::Calling::Calling(Completions& queue, Completion* running) noexcept
    : queue_(queue), running_(running) {
  const Lock lock(queue_.mutex_);
  next_ = std::exchange(queue_.callers_, this);
}

Completions::Calling::~Calling() {
  const Lock lock(queue_.mutex_);
  auto** place = &queue_.callers_;
  while (*place != this) place = &(*place)->next_;
  *place = next_;
  if (!running_) return;
  running_->is_running_ = false;
  if (running_->sleeper_) running_->sleeper_->awake.notify_one();
}

bool Completions::is_calling_locked() const {
  const auto me = std::this_thread::get_id();
  for (const auto* one = callers_; one; one = one->next_) {
    if (one->thread_ == me) return true;
  }
  return false;
}

bool Completions::is_calling() const {
  const Lock lock(mutex_);
  return is_calling_locked();
}

bool Completions::has_waiting() const {
  const Lock lock(mutex_);
  return has_call() || !waiting_.empty();
}

bool Completions::mark_opened() noexcept {
  if (!watch_forks()) return false;
  std::uint64_t unmarked = 0;
  opened_at_fork_.compare_exchange_strong(unmarked, num_forks() + 1);
  return true;
}

bool Completions::is_forked() const noexcept {
  const auto mark = opened_at_fork_.load(std::memory_order_relaxed);
  return mark != 0 && mark != num_forks() + 1;
}

void Completions::withdraw(Completion& one) {
  Lock lock(mutex_);
  one.dropped_ = true;
  const auto place = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const auto& waiting) { return waiting.get() == &one; });
  std::shared_ptr<Completion> last_owner;
  if (place != waiting_.end()) {
    last_owner = std::move(*place);  // destroyed without the lock
    waiting_.erase(place);
    show_waiting();
  }
  if (one.is_running_ && !is_calling_locked()) {
    Sleeper me;
    one.sleeper_ = &me;
    me.awake.wait(lock, [&] { return !one.is_running_; });
    one.sleeper_ = nullptr;
  }
  lock.unlock();
}

// The last to come is the last: whoever has slept longest is offered the lead first.
void Completions::sleep(Lock& lock, Sleeper& me, Deadline deadline) {
  auto** place = &sleepers_;
  while (*place) place = &(*place)->next;
  *place = &me;
  me.awake.wait_until(lock, deadline);
  for (place = &sleepers_; *place != &me;) place = &(*place)->next;
  *place = std::exchange(me.next, nullptr);
}

void Completions::take_lead() noexcept {
  is_led_ = true;
  leader_ = std::this_thread::get_id();
}

void Completions::leave_lead() noexcept {
  is_led_ = false;
  leader_ = std::thread::id{};
}

// Whoever leaves says so, leader or not: the thread that was woken to lead may be the one that
// leaves.
void Completions::offer_lead() noexcept {
  if (is_led_) return;
  for (auto* sleeper = sleepers_; sleeper; sleeper = sleeper->next) {
    if (is_ending_) {
      sleeper->awake.notify_one();
    } else if (sleeper->may_lead) {
      return sleeper->awake.notify_one();
    }
  }
}

// One round as the leader, without the lock. It is taken again, and when the round throws the lead
// is given back.
void Completions::do_round(Lock& lock, const Round& round, Duration at_most) {
  take_lead();
  lock.unlock();
  try {
    round(at_most);
  } catch (...) {
    lock.lock();
    leave_lead();
    offer_lead();
    throw;
  }
  lock.lock();
}

Result<void> Completions::wait(Completion& one, Deadline deadline, const Round& round) {
  Sleeper me;
  me.may_lead = round != nullptr;
  me.makes_calls = true;
  bool leads = false;
  Lock lock(mutex_);
  const Waiting waiting(one.sleeper_, me);
  bool is_first = true;  // whoever comes without time to wait makes one call all the same
  for (bool is_late = false; !one.is_ready() && !is_late && !has_ended_;) {
    const auto now = std::chrono::steady_clock::now();
    if (has_call() && (now < deadline || std::exchange(is_first, false))) {
      if (leads) leave_lead();
      if (std::exchange(leads, false)) offer_lead();
      make_call(lock);
      continue;
    }
    is_late = now >= deadline;
    if (round && !is_ending_ && (leads || !is_led_)) {
      leads = true;
      do_round(lock, round, is_late ? Duration::zero() : deadline - now);
      continue;
    }
    if (leads) leave_lead();
    if (std::exchange(leads, false)) offer_lead();
    if (!is_late) sleep(lock, me, deadline);
  }
  if (leads) leave_lead();
  offer_lead();
  if (one.is_ready()) return {};
  if (has_ended_) return Error{Status::cancelled, "the engine has ended"};
  return Error{Status::pending, std::string(status_sentence(Status::pending))};
}

void Completions::turn(Deadline deadline, const Round& round) {
  Lock lock(mutex_);
  if (has_ended_) return;
  const auto now = std::chrono::steady_clock::now();
  const bool has_work = has_call() || !waiting_.empty();
  if (has_work || deadline < now) deadline = now;
  if (is_led_ || is_ending_) {
    Sleeper me;
    me.wants_callbacks = me.makes_calls = me.may_lead = true;
    if (!has_work) sleep(lock, me, deadline);
  } else {
    do_round(lock, round, deadline - now);
    leave_lead();
  }
  offer_lead();
}

void Completions::end(const std::function<void()>& drain) {
  {
    Lock lock(mutex_);
    is_ending_ = true;
    show_waiting();
    inbox_->wake();
    Sleeper me;
    while (is_led_) sleep(lock, me, Deadline::max());
    take_lead();
  }
  drain();
  Lock lock(mutex_);
  leave_lead();
  has_ended_ = true;
  for (auto* sleeper = sleepers_; sleeper; sleeper = sleeper->next) sleeper->awake.notify_one();
  Sleeper me;
  while (num_running_calls_ > 0 && !is_calling_locked()) sleep(lock, me, Deadline::max());
}

}  // namespace gatelet::io
