// Completions: how results leave the driver, and how it asks the host. One Completion per
// operation, one queue with a descriptor per engine.
//
// Everything here is guarded by one mutex, held for a few instructions at a time and never while a
// callback runs. In a child made by fork nothing locks it: a thread that no longer exists may hold
// it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <gatelet/operation.hpp>

#include "base/result.hpp"
#include "io/ready_fd.hpp"

namespace gatelet::io {

class Driver;
class Completions;
class Inbox;
struct Sleeper;  // a thread that waits, with the condition variable it waits on

Error forked_error();

// The state that an Operation and its driver share. Thread-safe. Delivered exactly once.
class Completion : public std::enable_shared_from_this<Completion> {
 public:
  virtual ~Completion();

  bool is_ready() const noexcept { return ready_.load(std::memory_order_acquire); }  // taken or not
  bool is_unwanted() const noexcept { return unwanted_.load(std::memory_order_acquire); }
  bool is_forked() const noexcept;

  // Asks the driver to abandon the task: Status::cancelled comes soon, unless a result is there.
  void cancel() noexcept;

  // Cancel, and no callback afterwards: one that runs on another thread at this moment is waited
  // for. Inside a callback of the same engine that wait is left out (two callbacks that drop each
  // other's operation would wait forever); a callback that has not begun does not begin.
  void drop() noexcept;

  // Delivers an error: what the driver does when the caller is detached from its task.
  virtual void fail(Error why) = 0;

 protected:
  using Lock = std::unique_lock<std::mutex>;

  explicit Completion(const std::shared_ptr<Driver>& driver);
  Lock lock() const;
  void announce(Lock lock, bool has_callback);  // the result stands: wakes whoever waits for it
  void prepare_to_enqueue();                    // takes the memory for it, on the host's thread
  void enqueue(Lock& lock) noexcept;            // result and callback stand: dispatch may run it
  Result<void> may_wait() const;                // Failure: forked, in_callback
  Result<void> wait_until_ready(Deadline deadline);

  const std::shared_ptr<Completions> queue_;
  bool dropped_ = false;  // guarded by the queue's mutex

 private:
  friend class Completions;
  virtual void hand_out() = 0;          // runs the callback
  virtual void discard() noexcept = 0;  // destroys result and callback

  const std::weak_ptr<Driver> driver_;  // weak: work in flight must not keep its own driver alive
  std::atomic<bool> ready_{false};
  std::atomic<bool> unwanted_{false};
  bool is_running_ = false;     // guarded: its callback runs
  Sleeper* sleeper_ = nullptr;  // guarded: who waits for the result or for the end of the callback
  std::list<std::shared_ptr<Completion>> place_;  // guarded: in the queue, until it is there
};

// The queue of completions whose callbacks wait, and the threads that wait for one.
class Completions {
 public:
  explicit Completions(std::shared_ptr<Inbox> inbox);
  ~Completions();

  // For Loop; -1 and 0 in a forked child.
  int fd() noexcept;
  std::size_t dispatch(std::size_t max);

  bool is_calling() const;  // this thread runs a callback of this engine

  // The fork rule. Marked when the first descriptor or thread is made.
  bool mark_opened() noexcept;  // false: forks cannot be watched
  bool is_forked() const noexcept;

  // Taking turns in caller mode: one thread leads, which means it turns the loop by calling a
  // Round; the others sleep until they have what they wait for or the lead is free. In thread mode
  // the loop's own thread leads, and Round is empty.
  using Round = std::function<void(Duration at_most)>;

  // Sleeps or leads until `one` is ready. What a Round throws leaves this, and turn(), with the
  // lead given back.
  //   Failure: Status::pending past the deadline, cancelled when the driver has ended.
  Result<void> wait(Completion& one, Deadline deadline, const Round& round);

  // One round as the leader; while another thread leads, sleeps until a callback waits. At once
  // when one waits already.
  void turn(Deadline deadline, const Round& round);

  // The end: nobody else leads from here on, and no call begins; `drain` runs as the leader, or
  // elsewhere in thread mode, and after it nobody sleeps. Calls that have begun are waited for, but
  // not inside a callback, which may be one of them.
  void end(const std::function<void()>& drain);

  void lead_for_good() noexcept { leader_ = std::this_thread::get_id(); }  // the loop's own thread
  bool is_leader() const noexcept { return leader_.load() == std::this_thread::get_id(); }
  bool has_waiting() const;

  // Calls of the host's own code that the loop waits for. The first thread that dispatches or
  // waits, whatever for, makes them; it leads no longer then, so that the loop can go on. For the
  // loop.
  //   ask:      false: the engine is ending, and it will not be made.
  //   withdraw: false: it is being made, or was.
  [[nodiscard]] bool ask_host(std::uint64_t id, std::function<void()> call);
  bool withdraw_call(std::uint64_t id) noexcept;

  // Marks this thread as inside a callback while it lives. Needs no memory.
  class Calling {
   public:
    Calling(Completions& queue, Completion* running) noexcept;
    Calling(const Calling&) = delete;
    Calling& operator=(const Calling&) = delete;
    ~Calling();

   private:
    friend class Completions;
    Completions& queue_;
    Completion* const running_;
    const std::thread::id thread_ = std::this_thread::get_id();
    Calling* next_ = nullptr;  // guarded by the queue's mutex
  };

 private:
  friend class Completion;
  using Lock = Completion::Lock;

  bool is_calling_locked() const;
  void withdraw(Completion& one);
  void sleep(Lock& lock, Sleeper& me, Deadline deadline);
  void take_lead() noexcept;
  void leave_lead() noexcept;
  void offer_lead() noexcept;
  void do_round(Lock& lock, const Round& round, Duration at_most);
  bool has_call() const noexcept { return !is_ending_ && !calls_.empty(); }
  void make_call(Lock& lock);
  void show_waiting() noexcept;  // on the descriptor

  const std::shared_ptr<Inbox> inbox_;
  std::atomic<std::uint64_t> opened_at_fork_{0};  // number of forks + 1; 0: nothing opened yet
  std::atomic<std::thread::id> leader_{};

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::list<std::shared_ptr<Completion>> waiting_;
  struct HostCall {
    std::uint64_t id;
    std::function<void()> call;
  };
  std::deque<HostCall> calls_;
  std::size_t num_running_calls_ = 0;
  ReadyFd ready_fd_;
  Calling* callers_ = nullptr;   // threads inside a callback, a list; more than once when nested
  Sleeper* sleepers_ = nullptr;  // threads that wait, a list: the end must need no memory
  bool is_led_ = false;
  bool is_ending_ = false;
  bool has_ended_ = false;
};

// A Completion for one type of result: CompletionOf<Decision>, CompletionOf<Identity>.
//
// The engine's waiters have Completions without a task of their own (several wait for one task):
// cancel() delivers Status::cancelled there as well, from the driver's loop.
template <class T>
class CompletionOf final : public Completion {
  struct Private {
    explicit Private() = default;
  };

 public:
  using Hook = std::function<void(Result<T>&)>;

  // Always shared: it hands itself to the queue.
  static std::shared_ptr<CompletionOf> make(const std::shared_ptr<Driver>& driver) {
    return std::make_shared<CompletionOf>(Private(), driver);
  }
  CompletionOf(Private, const std::shared_ptr<Driver>& driver) : Completion(driver) {}

  // From any thread; the first result counts, later ones are ignored.
  void deliver(Result<T> result) {
    if (is_ready() || is_forked()) return;
    auto guard = lock();
    if (dropped_ || is_ready()) return;
    result_.emplace(std::move(result));
    announce(std::move(guard), done_ != nullptr);
  }

  // Set once, before deliver: called on the host's thread when wait() or dispatch() is about to
  // hand the result out, never after drop().
  void before_handout(Hook hook) { hook_ = std::move(hook); }

  // For Operation; see there.
  Result<T> wait(Deadline deadline) {
    if (auto allowed = may_wait(); !allowed.ok()) return std::move(allowed).error();
    auto guard = lock();
    if (has_taker()) return taken_error();
    guard.unlock();
    if (auto ready = wait_until_ready(deadline); !ready.ok()) return std::move(ready).error();
    guard.lock();
    if (has_taker()) return taken_error();
    auto result = std::move(*result_);
    auto hook = std::move(hook_);
    result_.reset();
    guard.unlock();
    if (hook) {
      const Completions::Calling calling(*queue_, nullptr);
      hook(result);
    }
    return result;
  }

  void on_done(Callback<T> done) {
    if (is_forked()) return;
    auto guard = lock();
    if (dropped_ || has_taker()) return;
    if (done) prepare_to_enqueue();
    done_ = std::move(done);
    if (done_ && is_ready()) enqueue(guard);
  }

  void fail(Error why) override { deliver(Result<T>(std::move(why))); }

 private:
  // Locked. The result was handed out, or a callback waits for it.
  bool has_taker() const { return done_ || (is_ready() && !result_); }
  static Error taken_error() { return {Status::invalid_state, "the result has a taker already"}; }

  void hand_out() override {
    auto guard = lock();
    if (dropped_ || !done_ || !result_) return;
    auto result = std::move(*result_);
    auto hook = std::move(hook_);
    auto done = std::exchange(done_, nullptr);
    result_.reset();
    guard.unlock();
    if (hook) hook(result);
    done(std::move(result));
  }

  void discard() noexcept override {
    auto guard = lock();
    const auto result = std::exchange(result_, std::nullopt);
    const auto done = std::exchange(done_, nullptr);
    const auto hook = std::exchange(hook_, nullptr);
    guard.unlock();
  }

  // Guarded by the queue's mutex:
  std::optional<Result<T>> result_;
  Callback<T> done_;
  Hook hook_;
};

}  // namespace gatelet::io
