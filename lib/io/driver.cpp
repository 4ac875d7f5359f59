#include "io/driver.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "io/attempt.hpp"
#include "io/flights.hpp"
#include "io/http_client.hpp"
#include "io/inbox.hpp"
#include "io/signals.hpp"

namespace gatelet::io {
namespace {

constexpr Duration no_limit = std::chrono::hours(24);

Error stopped_error() { return {Status::cancelled, "the engine ends"}; }

}  // namespace

struct Driver::Impl {
  Impl(DriverSettings s, std::shared_ptr<const Clock> c, Services& sv)
      : settings(std::move(s)), clock(std::move(c)), services(sv) {}

  Result<void> open();
  Result<void> launch();
  Completions::Round round() {
    return [this](Duration at_most) { running.load()->round(at_most); };
  }

  const DriverSettings settings;
  const std::shared_ptr<const Clock> clock;
  Services& services;
  const std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  const std::shared_ptr<Completions> queue = std::make_shared<Completions>(inbox);

  std::atomic<std::size_t> num_in_flight{0};
  std::atomic<bool> is_stopping{false};
  std::atomic<Flights*> running{nullptr};  // set once, by start()

  std::mutex start_mutex;
  // Guarded by start_mutex, and by is_stopping once that is set:
  std::unique_ptr<Flights> flights;
  std::thread thread;
};

Driver::Driver(DriverSettings settings, std::shared_ptr<const Clock> clock, Services& services)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(clock), services)) {}

Driver::~Driver() {
  stop();
  // Connections, locks and the thread belong to the parent: destroying them here would end TLS
  // sessions that are still in use, or wait for threads that do not exist.
  if (forked()) (void)impl_.release();
}

void Driver::stop() noexcept {
  auto& my = *impl_;
  if (forked() || my.is_stopping.exchange(true)) return;
  { const std::scoped_lock lock(my.start_mutex); }  // whoever starts now has started, or will not

  my.inbox->refuse_tasks();
  my.queue->end([&] {
    if (my.thread.joinable()) {
      my.inbox->wake();
      my.thread.join();  // drains on its way out
    } else if (my.flights) {
      my.flights->drain();
    }
  });
  const QuietSignals quiet;  // closing a TLS connection writes to it
  my.inbox->close();
  my.running = nullptr;
  my.flights.reset();
}

Result<void> Driver::start() {
  auto& my = *impl_;
  if (forked()) return forked_error();
  if (my.is_stopping) return stopped_error();
  if (my.running) return {};
  if (!my.queue->mark_opened()) return Error{Status::internal, "forks cannot be watched"};
  const std::scoped_lock lock(my.start_mutex);
  if (my.is_stopping) return stopped_error();
  if (my.running) return {};
  if (auto opened = my.open(); !opened.ok()) return opened;
  if (my.settings.own_thread) {
    if (auto launched = my.launch(); !launched.ok()) return launched;
  }
  my.running = my.flights.get();
  return {};
}

Result<void> Driver::Impl::open() {
  if (flights) return {};
  HttpClientSettings http;
  http.max_connections = settings.http_connections;
  http.idle_limit = settings.http_timeout / 2;
  auto client = HttpClient::create(http);
  if (!client.ok()) return std::move(client).error();
  auto store = make_store(settings.store, clock, services.store_watcher());
  if (!store.ok()) return std::move(store).error();
  flights = std::make_unique<Flights>(settings, clock, services, std::move(client).value(),
                                      std::move(store).value(), inbox, *queue, num_in_flight);
  inbox->open(flights->client());
  return {};
}

Result<void> Driver::Impl::launch() {
  const QuietSignals quiet;  // the new thread inherits the mask
  const auto problem = attempt([this] {
    thread = std::thread([this, loop = flights.get()] {
      queue->lead_for_good();
      while (!is_stopping) loop->round(no_limit);
      loop->drain();
    });
  });
  if (!problem) return {};
  if (problem->status == Status::out_of_memory) return *problem;
  return Error{Status::internal, "the driver's thread cannot be made"};
}

Result<void> Driver::submit(std::unique_ptr<flow::Task> task, flow::Effect effect,
                            std::shared_ptr<Completion> completion) {
  auto& my = *impl_;
  const auto refuse = [&task](Error why) {
    task->abandon(why);
    return why;
  };
  Result<void> started;
  if (auto problem = attempt([&] { started = start(); })) return refuse(std::move(*problem));
  if (!started.ok()) return refuse(std::move(started).error());
  // What the host asks for counts, also where it is carried to its end.
  const bool is_hosts = completion != nullptr;
  const bool counts = !my.queue->is_leader() && (is_hosts || !task->must_finish());
  if (my.num_in_flight.fetch_add(1) >= my.settings.max_operations && counts) {
    my.num_in_flight.fetch_sub(1);
    return refuse(
        {Status::too_many_operations, std::string(status_sentence(Status::too_many_operations))});
  }
  auto refused =
      my.inbox->push(Submission{std::move(task), std::move(effect), std::move(completion)});
  if (!refused) return {};
  my.num_in_flight.fetch_sub(1);
  task = std::move(std::get<Submission>(*refused).task);
  if (my.is_stopping) return refuse(stopped_error());
  return refuse({Status::out_of_memory, "memory ran out"});
}

bool Driver::after(Duration delay, std::function<void(Instant)> work) {
  if (forked() || !impl_->running) return false;
  const auto at = std::chrono::steady_clock::now() + delay;
  return !impl_->inbox->push(DelayedWork{at, std::move(work)});
}

const std::shared_ptr<Completions>& Driver::shared_completions() const noexcept {
  return impl_->queue;
}

bool Driver::forked() const noexcept { return impl_->queue->is_forked(); }

std::size_t Driver::num_in_flight() const noexcept { return impl_->num_in_flight; }

int Driver::fd() const noexcept { return impl_->queue->fd(); }

std::size_t Driver::dispatch(std::size_t max) {
  const auto queue = impl_->queue;  // a callback may end the engine
  return queue->dispatch(max);
}

bool Driver::run_once(Duration timeout) {
  auto& my = *impl_;
  if (forked() || my.settings.own_thread || my.queue->is_calling()) return false;
  if (my.running) {
    if (my.num_in_flight == 0) timeout = Duration::zero();
    my.queue->turn(std::chrono::steady_clock::now() + timeout, my.round());
  }
  const bool has_more = my.num_in_flight > 0;
  const auto queue = my.queue;  // a callback may end the engine
  queue->dispatch(static_cast<std::size_t>(-1));
  return has_more || queue->has_waiting();
}

Result<void> Driver::wait_for(Completion& one, Deadline deadline) {
  auto& my = *impl_;
  const bool drives = !my.settings.own_thread && my.running;
  return my.queue->wait(one, deadline, drives ? my.round() : Completions::Round());
}

}  // namespace gatelet::io
