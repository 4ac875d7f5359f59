// redis_asker URL,... [cluster] [sentinel=MASTER] [sentinel-password=P] [ca=FILE] [insecure]
// [timeout=MILLISECONDS] [idle=SECONDS] [told=PREFIX]: asks a Redis server, a cluster, or the
// primary of Sentinels as a flow does, through a driver with a thread of its own. Obeys lines on
// its standard input:
//
//   get KEY | put KEY VALUE MILLISECONDS | erase KEY | lock KEY OWNER MILLISECONDS |
//   extend KEY OWNER MILLISECONDS | unlock KEY OWNER
//     answers "value TEXT", "none", "done", "owner", "nobody" or "error TEXT", and how long it took
//   contract PREFIX    runs the suite of all stores
//   load NUM           begins so many flows, which write a record and read it back, over and over
//   stop               ends them; answers what came of them, as JSON
//   told               "telling" or "silent", how often anything may have changed, and the keys
//                      that did since the last time it was asked
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "io/driver.hpp"
#include "io/store_contract.hpp"
#include "io/system.hpp"

using namespace gatelet;
using namespace gatelet::io;
using flow::StoreCall;

namespace {

using SteadyClock = std::chrono::steady_clock;
using Answer = Result<flow::StoreReply>;

// Notes what is told of changes.
class Watcher final : public StoreWatcher {
 public:
  void changed(std::span<const std::string> keys) override {
    const std::scoped_lock lock(mutex_);
    keys_.insert(keys_.end(), keys.begin(), keys.end());
  }
  void changed_all() override {
    const std::scoped_lock lock(mutex_);
    ++num_all_;
  }
  void told_until(Deadline moment) override {
    const std::scoped_lock lock(mutex_);
    is_telling_ = moment != Deadline::min();
  }
  void will_not_tell(const Error&) override {}

  std::string take() {
    const std::scoped_lock lock(mutex_);
    auto text = (is_telling_ ? "telling " : "silent ") + std::to_string(num_all_);
    for (const auto& key : std::exchange(keys_, {})) text += ' ' + key;
    return text;
  }

 private:
  std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<std::string> keys_;
  long num_all_ = 0;
  bool is_telling_ = false;
};

class NoServices final : public Services {
 public:
  StoreWatcher* store_watcher() noexcept override { return &watcher; }
  void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)> done) override {
    done(flow::Refetched{});
  }

  Watcher watcher;
};

// Asks one thing.
class Question final : public flow::Task {
 public:
  Question(StoreCall call, std::promise<Answer> answer)
      : call_(std::move(call)), answer_(std::move(answer)) {}
  std::optional<flow::Effect> start(Instant) override { return std::move(call_); }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    if (reply.outcome.ok()) {
      answer_.set_value(std::get<flow::StoreReply>(std::move(*reply.outcome)));
    } else {
      answer_.set_value(reply.outcome.error());
    }
    return std::nullopt;
  }
  void abandon(Error why) override { answer_.set_value(std::move(why)); }
  bool must_finish() const noexcept override { return false; }

 private:
  StoreCall call_;
  std::promise<Answer> answer_;
};

struct Tally {
  std::atomic<bool> must_stop{false};
  std::atomic<long> num_running{0}, num_ok{0}, num_failed{0}, num_wrong{0}, num_lost{0};
  std::mutex mutex;
  // Guarded by mutex:
  Duration longest{};
  std::map<std::string, long> errors;
};

// Writes a record under a key that nobody else has, and reads it back, until it is told to stop.
class Load final : public flow::Task {
 public:
  Load(Tally& tally, std::string name) : tally_(tally), name_(std::move(name)) {}
  std::optional<flow::Effect> start(Instant) override { return put(); }

  std::optional<flow::Effect> resume(flow::Reply reply) override {
    if (std::exchange(rests_, false)) return next();
    {
      const std::scoped_lock lock(tally_.mutex);
      tally_.longest = std::max<Duration>(tally_.longest, SteadyClock::now() - began_);
      if (!reply.outcome.ok()) ++tally_.errors[reply.outcome.error().text];
    }
    if (!reply.outcome.ok()) {
      ++tally_.num_failed;
      reads_ = false;
      rests_ = true;
      return flow::Delay(std::chrono::milliseconds(5));
    }
    ++tally_.num_ok;
    if (std::exchange(reads_, !reads_)) {
      const auto& record = std::get<flow::StoreReply>(*reply.outcome).record;
      if (!record) ++tally_.num_lost;
      if (record && *record != value()) ++tally_.num_wrong;
    }
    return next();
  }
  void abandon(Error) override { --tally_.num_running; }
  bool must_finish() const noexcept override { return true; }

 private:
  std::string key() const { return "load-" + name_ + "-" + std::to_string(round_); }
  std::string value() const {
    return key() + std::string(static_cast<std::size_t>(round_ % 3000), 'x');
  }

  std::optional<flow::Effect> next() {
    if (!reads_ && tally_.must_stop) {
      --tally_.num_running;
      return std::nullopt;
    }
    if (!reads_) return put();
    began_ = SteadyClock::now();
    return StoreCall::get(key());
  }
  flow::Effect put() {
    ++round_;
    began_ = SteadyClock::now();
    return StoreCall::put(key(), value(), std::chrono::minutes(1));
  }

  Tally& tally_;
  const std::string name_;
  long round_ = 0;
  bool reads_ = false, rests_ = false;
  Deadline began_;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Asker {
 public:
  explicit Asker(DriverSettings settings)
      : driver_(std::make_shared<Driver>(settings, system_clock(), services_)) {}

  Result<void> start() { return driver_->start(); }

  Answer ask(StoreCall call) {
    std::promise<Answer> promise;
    auto future = promise.get_future();
    auto task = std::make_unique<Question>(std::move(call), std::move(promise));
    auto effect = task->start({});
    auto submitted = driver_->submit(std::move(task), std::move(*effect), nullptr);
    return future.get();
  }

  void load(int num) {
    for (int i = 0; i < num; ++i) {
      ++tally_.num_running;
      auto task = std::make_unique<Load>(tally_, std::to_string(++num_loads_));
      auto effect = task->start({});
      auto submitted = driver_->submit(std::move(task), std::move(*effect), nullptr);
      if (!submitted.ok()) std::cout << "error " << submitted.error().text << std::endl;
    }
  }

  std::string stop() {
    tally_.must_stop = true;
    while (tally_.num_running > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::scoped_lock lock(tally_.mutex);
    std::ostringstream json;
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(tally_.longest);
    json << "{\"ok\": " << tally_.num_ok.exchange(0)
         << ", \"failed\": " << tally_.num_failed.exchange(0)
         << ", \"wrong\": " << tally_.num_wrong.exchange(0)
         << ", \"lost\": " << tally_.num_lost.exchange(0) << ", \"longest\": " << longest.count()
         << ", \"errors\": {";
    const char* comma = "";
    for (const auto& [text, count] : tally_.errors) {
      json << std::exchange(comma, ", ") << '"' << escaped(text) << "\": " << count;
    }
    json << "}}";
    tally_.errors.clear();
    tally_.longest = {};
    tally_.must_stop = false;
    return json.str();
  }

  std::string told() { return services_.watcher.take(); }

 private:
  NoServices services_;
  Tally tally_;
  int num_loads_ = 0;
  const std::shared_ptr<Driver> driver_;
};

Asker* asked = nullptr;  // of the contract's test case
std::string prefix;

TEST_CASE("what every store must do") {
  testing::check_store_contract({[](StoreCall call) { return asked->ask(std::move(call)); },
                                 [](Duration time) { std::this_thread::sleep_for(time); }, prefix});
}

StoreCall call_of(std::istringstream& words, const std::string& what) {
  std::string key, value;
  long time = 0;
  words >> key;
  if (what == "get") return StoreCall::get(key);
  if (what == "erase") return StoreCall::erase(key);
  words >> value >> time;
  const auto lease = std::chrono::milliseconds(time);
  if (what == "put") return StoreCall::put(key, value, lease);
  if (what == "lock") return StoreCall::lock(key, value, lease);
  if (what == "extend") return StoreCall::extend(key, value, lease);
  return StoreCall::unlock(key, value);
}

std::string answer_text(const std::string& what, const Answer& answer) {
  if (!answer.ok()) return "error " + answer.error().text;
  if (what == "get") return answer->record ? "value " + *answer->record : "none";
  if (what == "put" || what == "erase") return "done";
  return answer->is_owner ? "owner" : "nobody";
}

void obey(Asker& asker, const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "contract") {
    words >> prefix;
    asked = &asker;
    doctest::Context context;
    context.setOption("no-intro", true);
    std::cout << (context.run() == 0 ? "held" : "broken") << std::endl;
  } else if (what == "load") {
    int num = 0;
    words >> num;
    asker.load(num);
    std::cout << "begun" << std::endl;
  } else if (what == "stop") {
    std::cout << asker.stop() << std::endl;
  } else if (what == "told") {
    std::cout << asker.told() << std::endl;
  } else {
    const auto began = SteadyClock::now();
    const auto answer = asker.ask(call_of(words, what));
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - began);
    std::cout << took.count() << ' ' << answer_text(what, answer) << std::endl;
  }
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of PATH.pem and PATH.key.
Result<std::shared_ptr<const TlsClientCertificate>> client_certificate(const std::string& path) {
  auto chain = TlsClientCertificate::read_chain(content_of(path + ".pem"));
  if (!chain.ok()) return std::move(chain).error();
  return TlsClientCertificate::create(std::move(chain).value(), content_of(path + ".key"));
}

Result<DriverSettings> settings_of(int argc, char** argv) {
  DriverSettings settings;
  settings.operation_timeout = std::chrono::hours(1);
  auto& redis = settings.store.redis;
  settings.store.kind = StoreSettings::Kind::redis;
  std::istringstream urls(argc > 1 ? argv[1] : "");
  for (std::string text; std::getline(urls, text, ',');) {
    auto url = http::parse_redis_url(text);
    if (!url.ok()) return std::move(url).error();
    redis.urls.push_back(std::move(url).value());
  }
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word.starts_with("ca=")) redis.ca_pem = content_of(value);
    if (word.starts_with("client=")) {
      auto client = client_certificate(value);
      if (!client.ok()) return std::move(client).error();
      redis.client = std::move(client).value();
    }
    if (word == "insecure") redis.insecure_skip_verify = true;
    if (word == "cluster") redis.topology = RedisSettings::Topology::cluster;
    if (word.starts_with("sentinel=")) {
      redis.topology = RedisSettings::Topology::sentinel;
      redis.sentinel_master_name = value;
    }
    if (word.starts_with("sentinel-password=")) redis.sentinel_password = Secret(value);
    if (word.starts_with("timeout="))
      settings.store.timeout = std::chrono::milliseconds(std::stol(value));
    if (word.starts_with("told=")) {
      settings.store.key_prefix = value;
      settings.store.max_staleness = std::chrono::hours(1);
    }
    if (word.starts_with("idle=")) redis.idle_limit = std::chrono::seconds(std::stol(value));
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const auto settings = settings_of(argc, argv);
  if (!settings.ok()) return std::cout << "error " << settings.error().text << std::endl, 2;
  Asker asker(*settings);
  if (const auto started = asker.start(); !started.ok()) {
    return std::cout << "error " << started.error().text << std::endl, 2;
  }
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) obey(asker, line);
  return 0;
}
