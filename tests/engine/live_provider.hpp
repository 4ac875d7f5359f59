// The fake provider behind a real socket on loopback, and a browser: what a whole engine needs.
#pragma once

#include <gatelet/gatelet.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/fake_provider.hpp"
#include "support/http_server.hpp"

namespace gatelet::engine {

// The system's clock, moved on by hand.
class ShiftedClock final : public Clock {
 public:
  Instant now() const noexcept override { return system_->now() + Duration(shift_.load()); }
  void advance(Duration by) noexcept { shift_ += by.count(); }

 private:
  const std::shared_ptr<const Clock> system_ = default_ports().clock;
  std::atomic<Duration::rep> shift_{0};
};

class LiveProvider {
 public:
  explicit LiveProvider(std::shared_ptr<const Clock> clock);
  ~LiveProvider();

  // With the fake provider, while nobody asks it.
  template <class Use>
  auto with(Use&& use) {
    const std::scoped_lock lock(mutex_);
    return use(fake_);
  }
  std::string approve(std::string_view authorization_url);
  std::string bearer_token(const std::function<void(support::JsonText&)>& edit = {});
  std::string issuer() const { return fake_.settings.issuer; }

  // Requests for a path wait until let go, or get this status instead of an answer (0: none).
  void hold(std::string path);
  void let_go();
  void answer_with(std::string path, int status);

  // Waits for an event; false when it does not come within ten seconds.
  bool wait_for(std::string_view path, std::size_t num_requests);
  std::size_t num_requests(std::string_view path);

 private:
  void serve(support::HttpPeer& peer);
  HttpReply reply_to(const HttpCall& call);

  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  support::FakeProvider fake_;
  std::map<std::string, std::size_t, std::less<>> num_requests_;
  std::string held_;
  std::map<std::string, int> statuses_;
  bool is_ending_ = false;
  std::unique_ptr<support::HttpServer> server_;  // last: its scripts use the rest
};

// Its settings, and `more`.
Settings live_settings(const LiveProvider& provider,
                       const std::vector<std::pair<std::string, std::string>>& more = {});

// A browser at https://app.example: it keeps cookies.
class Browser {
 public:
  explicit Browser(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

  Outcome<Decision> ask(std::string_view target, std::vector<HeaderView> more = {}) const;
  Decision get(std::string_view target, std::vector<HeaderView> more = {});  // waits, keeps cookies
  // Keeps data of the application in the session, waits, keeps cookies.
  Decision set(std::string_view name, std::string_view value);
  Decision keep(Decision decision);
  std::string cookie_header() const;
  bool has_session() const { return cookies.contains("__Host-gatelet"); }

  // From a page to a session; the callback's answer.
  Decision sign_in(LiveProvider& provider, std::string_view target = "/page?x=1");

  std::map<std::string, std::string> cookies;

 private:
  std::shared_ptr<Engine> engine_;
};

// The operation's result, within ten seconds.
Result<Decision> wait_for(Outcome<Decision> outcome);

std::string location_of(const Decision& decision);

}  // namespace gatelet::engine
