// Tasks, services and drivers for tests of the loop: effects in a row, results counted.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gatelet/identity.hpp>
#include <gatelet/operation.hpp>

#include "io/completions.hpp"
#include "io/driver.hpp"
#include "io/system.hpp"

namespace gatelet::io::testing {

using namespace std::chrono_literals;

inline Deadline in(Duration d) { return std::chrono::steady_clock::now() + d; }
inline Deadline soon() { return in(10s); }

inline bool is_readable(int fd, int timeout_ms = 0) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) == 1;
}

// Carries out its effects one after the other; the last outcome, or the first error, is delivered.
class ScriptedTask final : public flow::Task {
 public:
  using Deliver = std::function<void(Result<flow::Outcome>)>;
  ScriptedTask(std::deque<flow::Effect> rest, Deliver deliver, bool is_grant = false)
      : rest_(std::move(rest)), deliver_(std::move(deliver)), is_grant_(is_grant) {}

  std::optional<flow::Effect> start(Instant) override { return next(); }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    if (reply.outcome.ok() && !rest_.empty()) return next();
    std::exchange(deliver_, nullptr)(std::move(reply.outcome));
    return std::nullopt;
  }
  void abandon(Error why) override { std::exchange(deliver_, nullptr)(std::move(why)); }
  bool must_finish() const noexcept override { return is_grant_; }

 private:
  std::optional<flow::Effect> next() {
    auto effect = std::move(rest_.front());
    rest_.pop_front();
    return effect;
  }

  std::deque<flow::Effect> rest_;
  Deliver deliver_;
  const bool is_grant_;
};

class ScriptedServices final : public Services {
 public:
  using Done = std::function<void(Result<flow::Refetched>)>;
  void refetch(const flow::Refetch& wanted, Done done) override {
    on_refetch(wanted, std::move(done));
  }

  std::function<void(const flow::Refetch&, Done)> on_refetch = [](const flow::Refetch&, Done done) {
    done(flow::Refetched{});
  };
};

inline std::shared_ptr<const HttpTrust> loopback_trust() {
  HttpTrust trust;
  trust.allow_http = true;
  trust.allow_private = true;
  return std::make_shared<const HttpTrust>(trust);
}

inline HttpCall get(std::string url) {
  auto call = HttpCall::get(std::move(url));
  call.trust = loopback_trust();
  return call;
}

inline HttpCall grant(std::string url) {
  http::Form form;
  form.add("code", "c1");
  auto call = HttpCall::post(std::move(url), std::move(form));
  call.trust = loopback_trust();
  call.is_grant = true;
  return call;
}

// What became of a task: how often it was delivered, and what the last time.
struct Ending {
  std::atomic<int> num_delivered{0};
  std::atomic<int> status{-1};  // of the delivered result
  std::atomic<bool> has_reply{false};
  std::string body;  // of the last reply; read it once num_delivered has said so
};

struct Fixture {
  explicit Fixture(bool own_thread, std::function<void(DriverSettings&)> adjust = nullptr) {
    DriverSettings settings;
    settings.own_thread = own_thread;
    if (adjust) adjust(settings);
    driver = std::make_shared<Driver>(settings, system_clock(), services);
  }

  using Completed = std::shared_ptr<CompletionOf<Identity>>;

  // Submits effects as a task whose result goes to a new operation.
  Result<Operation<Identity>> launch(std::deque<flow::Effect> effects, bool is_grant = false,
                                     std::shared_ptr<Ending> ending = nullptr) {
    auto completion = CompletionOf<Identity>::make(driver);
    auto task = std::make_unique<ScriptedTask>(
        std::move(effects),
        [completion, ending](Result<flow::Outcome> outcome) {
          if (ending) {
            ending->status = static_cast<int>(outcome.ok() ? Status::ok : outcome.error().status);
            if (outcome.ok()) {
              if (auto* reply = std::get_if<HttpReply>(&*outcome)) ending->body = reply->body;
            }
            ++ending->num_delivered;
          }
          if (outcome.ok()) return completion->deliver(Identity());
          completion->deliver(outcome.error());
        },
        is_grant);
    auto effect = task->start({});
    auto submitted = driver->submit(std::move(task), std::move(*effect), completion);
    if (!submitted.ok()) return std::move(submitted).error();
    return Operation<Identity>(completion);
  }

  template <class... E>
  Operation<Identity> begin(E... effects) {
    std::deque<flow::Effect> list;
    (list.push_back(std::move(effects)), ...);
    return launch(std::move(list)).value();
  }

  Operation<Identity> begin_grant(HttpCall call, std::shared_ptr<Ending> ending = nullptr) {
    std::deque<flow::Effect> list;
    list.push_back(std::move(call));
    return launch(std::move(list), true, std::move(ending)).value();
  }

  // Turns or watches the loop until `condition` holds; false after ten seconds.
  bool turn_until(const std::function<bool()>& condition) {
    const auto deadline = soon();
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (!driver->run_once(5ms)) {
        is_readable(driver->fd(), 2);
        driver->dispatch(static_cast<std::size_t>(-1));
      }
    }
    return true;
  }

  ScriptedServices services;
  std::shared_ptr<Driver> driver;
};

inline Status status_of(const Result<Identity>& result) {
  return result.ok() ? Status::ok : result.error().status;
}

}  // namespace gatelet::io::testing
