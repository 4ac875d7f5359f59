// The driver: the one place where effects become network traffic and time passes.
//
// One body, step(), does a round: take submissions, let curl work, wait, fire timers, resume tasks.
// In thread mode the driver's own thread loops over it; in caller mode the host does, through
// Loop::run_once or Operation::wait. The driver knows no OpenID Connect: it carries out effects of
// Tasks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <gatelet/engine.hpp>
#include <gatelet/ports.hpp>

#include "base/result.hpp"
#include "flow/effect.hpp"
#include "io/completions.hpp"
#include "io/store.hpp"

namespace gatelet::io {

struct DriverSettings {
  bool own_thread = true;             // setting `driver`: "thread"; off: "caller"
  std::size_t max_operations = 4096;  // in flight at once; one more is Status::too_many_operations
  Duration http_timeout{std::chrono::seconds(10)};       // one call, from start to last byte
  Duration operation_timeout{std::chrono::seconds(30)};  // a whole task
  long http_connections = 128;
  StoreSettings store{};

  friend bool operator==(const DriverSettings&, const DriverSettings&) = default;
};

// What a driver asks its engine for.
class Services {
 public:
  virtual ~Services() = default;
  // Brings a provider up to date, once for all who ask. `done` is called once, on whatever thread
  // has the answer, also inside this call.
  virtual void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)> done) = 0;
  // Who hears of changes in the store; null: nobody.
  virtual StoreWatcher* store_watcher() noexcept { return nullptr; }
};

class Driver final : public Loop {
 public:
  // Opens nothing and starts nothing. `services` must outlive the driver.
  Driver(DriverSettings, std::shared_ptr<const Clock>, Services& services);
  // Stops: every task that waits is abandoned with Status::cancelled; a grant under way is given up
  // to http_timeout.
  ~Driver() override;

  // The same without destroying: for an engine that ends while operations of its callers still hold
  // the driver. `services` is not called afterwards; a later submit is Status::cancelled.
  void stop() noexcept;

  // Starts the loop's thread (thread mode) and its descriptors; done by the first submit otherwise.
  //   Failure: Status::forked after a fork; Status::internal when a thread or descriptor cannot be
  //   had; Status::cancelled after stop().
  Result<void> start();

  // Takes over a task that returned `effect` from start(). `completion` (may be null for the
  // engine's own work) says when the caller loses interest: then the task is abandoned with
  // Status::cancelled, unless must_finish().
  // Work that the loop itself begins (inside Services::refetch, or when a task ends) does not count
  // against max_operations: it stands for a task that does. Nor does a task that must finish.
  //   Blocking: never. Threads: any.
  //   Failure: forked, too_many_operations, internal, cancelled after stop(); the task is then
  //   abandoned with that error.
  Result<void> submit(std::unique_ptr<flow::Task> task, flow::Effect effect,
                      std::shared_ptr<Completion> completion);

  // Runs `work` on the loop when `delay` has passed, if the driver is running then; sooner where
  // there is no memory to wait. Blocking: never. For tests and timers of the engine.
  //   Failure: false: it will not run. The driver does not run, or there is no memory for it.
  bool after(Duration delay, std::function<void(Instant)> work);

  const std::shared_ptr<Completions>& shared_completions() const noexcept;

  // Started, or its descriptor made, before a fork, and this is the child: every call but
  // destruction is an error there, and destruction touches nothing the parent shares.
  bool forked() const noexcept;
  std::size_t num_in_flight() const noexcept;

  // Loop
  int fd() const noexcept override;
  std::size_t dispatch(std::size_t max) override;
  bool run_once(Duration timeout) override;

  // Waits until `one` is ready. In caller mode one waiting thread at a time drives the loop.
  //   Failure: Status::pending past the deadline, cancelled when the driver has ended.
  Result<void> wait_for(Completion& one, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::io
