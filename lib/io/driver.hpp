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

namespace gatelet::io {

struct DriverSettings {
  bool own_thread = true;             // setting `driver`: "thread"; off: "caller"
  std::size_t max_operations = 4096;  // in flight at once; one more is Status::too_many_operations
  Duration http_timeout{std::chrono::seconds(10)};       // one call, from start to last byte
  Duration operation_timeout{std::chrono::seconds(30)};  // a whole task
  long http_connections = 128;
};

// What a driver asks its engine for.
class Services {
 public:
  virtual ~Services() = default;
  // Brings a provider up to date, once for all who ask. `done` is called once, on the driver's loop
  // or inside this call.
  virtual void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)> done) = 0;
};

class Driver final : public Loop {
 public:
  // Opens nothing and starts nothing. `services` must outlive the driver.
  Driver(DriverSettings, std::shared_ptr<const Clock>, Services& services);
  // Stops: every task that waits is abandoned with Status::cancelled; a grant under way is given up
  // to http_timeout.
  ~Driver() override;

  // Starts the loop's thread (thread mode) and its descriptors; done by the first submit otherwise.
  //   Failure: Status::forked after a fork; Status::internal when a thread or descriptor cannot be
  //   had.
  Result<void> start();

  // Takes over a task that returned `effect` from start(). `completion` (may be null for the
  // engine's own work) says when the caller loses interest: then the task is abandoned with
  // Status::cancelled, unless must_finish().
  //   Blocking: never. Threads: any.
  //   Failure: forked, too_many_operations, internal; the task is then abandoned with that error.
  Result<void> submit(std::unique_ptr<flow::Task> task, flow::Effect effect,
                      std::shared_ptr<Completion> completion);

  // Runs `work` on the loop, soon, if the driver is running. Blocking: never. For tests and timers
  // of the engine.
  void after(Duration delay, std::function<void(Instant)> work);

  Completions& completions() noexcept;
  bool forked() const noexcept;  // started before a fork, and this is the child
  std::size_t num_in_flight() const noexcept;

  // Loop
  int fd() const noexcept override;
  std::size_t dispatch(std::size_t max) override;
  bool run_once(Duration timeout) override;

  // Drives the loop until `until()` is true or the deadline passed (caller mode), one thread at a
  // time; in thread mode merely waits. For Operation::wait.
  Result<void> wait_until(const std::function<bool()>& until, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::io
