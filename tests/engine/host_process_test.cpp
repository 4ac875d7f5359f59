// K-06: what belongs to the host's process stays the host's. Signals that interrupt every system
// call, handlers, masks, the default action of SIGPIPE.
//
// A program of its own: signals and their handlers are the whole process'.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/base64.hpp"
#include "engine/live_engine.hpp"
#include "io/redis_ground.hpp"
#include "support/certificates.hpp"
#include "support/engines.hpp"
#include "support/redis_process.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using namespace std::chrono_literals;
using support::HttpPeer;
using support::HttpServer;

namespace {

constexpr auto bcrypt_of_correct_horse =
    "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";

thread_local bool is_hosts_thread = false;
std::atomic<int> num_alarms{0}, num_astray{0}, num_faults{0};

void note_alarm(int) {
  ++num_alarms;
  if (!is_hosts_thread) ++num_astray;
}
void note_fault(int) { ++num_faults; }

bool is_kernels_or_libcs(int signal) {  // no handler, or none that a program may see
  return signal == SIGKILL || signal == SIGSTOP || (signal >= 32 && signal < SIGRTMIN);
}
bool is_fault(int signal) {
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    if (signal == fault) return true;
  }
  return false;
}

// How the process takes each signal, and what this thread holds back.
struct Arrangement {
  Arrangement() {
    for (int signal = 1; signal < NSIG; ++signal) {
      if (!is_kernels_or_libcs(signal)) ::sigaction(signal, nullptr, &actions[signal]);
    }
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  }
  // The first signal that is taken otherwise; 0: all is as it was.
  int first_difference(const Arrangement& other) const {
    for (int signal = 1; signal < NSIG; ++signal) {
      if (is_kernels_or_libcs(signal)) continue;
      const auto &mine = actions[signal], &its = other.actions[signal];
      const bool is_equal = mine.sa_handler == its.sa_handler && mine.sa_flags == its.sa_flags &&
                            ::sigismember(&mask, signal) == ::sigismember(&other.mask, signal);
      if (!is_equal) return signal;
      for (int held = 1; held < NSIG; ++held) {
        if (::sigismember(&mine.sa_mask, held) != ::sigismember(&its.sa_mask, held)) return signal;
      }
    }
    return 0;
  }
  struct sigaction actions[NSIG] = {};
  sigset_t mask{};
};

// What was never set reads otherwise than what was set to the same: libc and sanitizers leave
// marks.
void take(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);  // and no SA_RESTART: a call that waits ends with EINTR
  ::sigaction(signal, &action, nullptr);
}

// An alarm a thousand times a second for the process, and as often for the thread that made this.
class Storm {
 public:
  Storm() {
    is_hosts_thread = true;
    ::sigaction(SIGALRM, nullptr, &before_);
    take(SIGALRM, note_alarm);
    sigset_t all, mine;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &mine);
    thread_ = std::thread([this, target = ::pthread_self()] {
      while (!is_over_) {
        ::pthread_kill(target, SIGALRM);
        std::this_thread::sleep_for(1ms);
      }
    });
    ::pthread_sigmask(SIG_SETMASK, &mine, nullptr);
    const itimerval every{{0, 1000}, {0, 1000}};
    ::setitimer(ITIMER_REAL, &every, nullptr);
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;
  ~Storm() {
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    is_over_ = true;
    thread_.join();
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  std::atomic<bool> is_over_{false};
  struct sigaction before_ {};
  std::thread thread_;
};

std::set<int> threads() {
  std::set<int> ids;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/task")) {
    ids.insert(std::stoi(one.path().filename()));
  }
  return ids;
}

// The signals a thread holds back, bit by bit from 1.
std::uint64_t held_back_by(int thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/status");
  constexpr std::string_view field = "SigBlk:\t";
  std::uint64_t bits = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) {
      std::from_chars(line.data() + field.size(), line.data() + line.size(), bits, 16);
    }
  }
  return bits;
}

struct UsersFile {
  UsersFile() { std::ofstream(path) << "jane:" << bcrypt_of_correct_horse << "\n"; }
  ~UsersFile() { std::filesystem::remove(path); }
  const std::string path =
      std::filesystem::temp_directory_path() / ("gatelet-users-" + std::to_string(::getpid()));
};

// Asks with a password that is compared on a thread of its own.
Result<Decision> ask_with_password(const Engine& engine) {
  const auto authorization = "Basic " + base64::encode("jane:correct horse");
  const std::vector<HeaderView> headers = {{"Authorization", authorization}};
  auto view = request_to("/page");
  view.headers = headers;
  return wait_for(engine.decide(view));
}

// From nobody to somebody, a renewal, data, the end of the session.
void play_a_round(Live& live) {
  const auto refreshes = [&] {
    return live.provider.with([](auto& fake) { return fake.num_refreshes; });
  };
  const auto before = refreshes();
  auto person = live.browser();
  CHECK(person.get("/page").kind() == Decision::Kind::redirect);
  REQUIRE(person.sign_in(live.provider).reason() == Reason::signed_in);
  const auto page = person.get("/page");
  REQUIRE(page.kind() == Decision::Kind::allow);
  CHECK(page.identity()->email() == "alice@example.com");
  CHECK(person.set("cart", std::string(2000, 'x')).kind() == Decision::Kind::allow);
  live.let_tokens_run_out();
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (refreshes() == before && std::chrono::steady_clock::now() < patience) {
    CHECK(person.get("/page").kind() == Decision::Kind::allow);
    if (!live.engine->loop().run_once(1ms)) std::this_thread::sleep_for(1ms);
  }
  CHECK(refreshes() == before + 1);
  const auto later = person.get("/page");
  REQUIRE(later.kind() == Decision::Kind::allow);
  CHECK(later.identity()->data("cart").size() == 2000);
  auto thief = person;
  (void)person.get("/oauth2/sign_out");
  CHECK(person.get("/page").kind() == Decision::Kind::redirect);
  if (thief.cookies.at("__Host-gatelet").size() < 300) {  // a ticket: its record is gone
    CHECK(thief.get("/page").kind() == Decision::Kind::redirect);
  }
}

// Rounds until the alarms are many.
void play_in_a_storm(const Options& options) {
  const UsersFile users;
  for (const int signal : {SIGPIPE, SIGALRM}) take(signal, SIG_DFL);
  const Arrangement before;
  {
    Live live(options);  // a thread of the provider's begins with the host's mask
    const Storm storm;
    const auto offline = support::offline_engine({{"htpasswd_file", users.path}});
    const int alarms_before = num_alarms;
    for (int i = 0; i < 3 || num_alarms < alarms_before + 300; ++i) {
      play_a_round(live);
      CHECK(ask_with_password(*offline)->kind() == Decision::Kind::allow);
    }
    live.engine.reset();
  }
  CHECK(num_astray.load() == 0);
  CHECK(Arrangement().first_difference(before) == 0);
}

// A ticket of these cookie secrets. Whoever has it was somebody once.
std::string ticket() {
  Live live(Options{{"session_store_type", "memory"}});
  auto person = live.browser();
  (void)person.sign_in(live.provider);
  return person.cookies.at("__Host-gatelet");
}

// Servers that are gone in the middle; what they leave unread resets the connection.
struct Cutter {
  Cutter() { std::ofstream(ca_path) << authority.pem(); }
  ~Cutter() { std::filesystem::remove(ca_path); }
  HttpServer::Tls tls() const {
    support::CertificateTerms terms;
    terms.dns_names = {"localhost"};
    terms.addresses = {"127.0.0.1"};
    return {support::issue(authority, terms)};
  }
  static std::vector<HttpServer::Script> scripts() {
    const auto after_a_byte = [](HttpPeer& peer) {
      (void)peer.read_bytes(1);
      peer.close_without_alert();
    };
    const auto after_an_answer = [](HttpPeer& peer) {
      (void)peer.read_bytes(20);
      peer.send("HTTP/1.1 500 no\r\nContent-Length: 2\r\n\r\nno");
      peer.close_without_alert();
    };
    // Gone between two commands. A write to such a connection goes well, and only the next fails.
    const auto after_a_command = [](HttpPeer& peer) {
      (void)io::testing::read_command(peer);
      peer.send("$-1\r\n");
    };
    return {after_a_byte, after_an_answer, after_a_command};
  }

  const support::Certificate authority = support::make_authority();
  const std::string ca_path = std::filesystem::temp_directory_path() /
                              ("gatelet-ca-" + std::to_string(::getpid()) + ".pem");
};

std::string redis_url(const HttpServer& server, const std::string& scheme) {
  return scheme + "://127.0.0.1:" + std::to_string(server.port());
}

// So many at once, each with a ticket to a session that the store must be asked for.
std::vector<Result<Decision>> ask_often(const Engine& engine, int num) {
  static const std::string cookie = "__Host-gatelet=" + ticket();
  std::vector<Outcome<Decision>> asked;
  for (int i = 0; i < num; ++i) {
    const std::vector<HeaderView> headers = {{"Cookie", cookie}};
    auto view = request_to("/page");
    view.headers = headers;
    asked.push_back(engine.decide(view));
  }
  std::vector<Result<Decision>> answers;
  for (auto& one : asked) answers.push_back(wait_for(std::move(one)));
  return answers;
}

int num_let_in(const std::vector<Result<Decision>>& answers) {
  int num = 0;
  for (const auto& one : answers) num += one.ok() && one->kind() == Decision::Kind::allow;
  return num;
}

}  // namespace

TEST_SUITE("engine/host process") {
  TEST_CASE("K-06: an alarm in every system call: sign-in, renewal, data and sign-out all work") {
    for (const std::string driver : {"thread", "caller"}) {
      for (const std::string store : {"cookie", "memory"}) {
        CAPTURE(driver);
        CAPTURE(store);
        play_in_a_storm({{"driver", driver}, {"session_store_type", store}});
      }
    }
  }

  TEST_CASE("K-06: the same with sessions in Redis") {
    const support::RedisProcess redis;
    if (!redis.is_there()) {
      std::puts("skip engine host_process: no redis-server is installed");
      return;
    }
    for (const std::string driver : {"thread", "caller"}) {
      CAPTURE(driver);
      play_in_a_storm({{"driver", driver},
                       {"session_store_type", "redis"},
                       {"redis_connection_url", redis.url()}});
    }
  }

  TEST_CASE("K-06: no signal of the host's runs on a thread of the library's") {
    const UsersFile users;
    const auto before = threads();
    const auto engine =
        support::offline_engine({{"htpasswd_file", users.path},
                                 {"session_store_type", "redis"},
                                 {"redis_connection_url", "redis://no-such-name.invalid:1"}});
    REQUIRE(engine->start().ok());
    CHECK(ask_with_password(*engine)->kind() == Decision::Kind::allow);
    auto somebody =
        support::Request("/page", {{"Cookie", "__Host-gatelet=" + std::string(80, 'A')}});
    (void)wait_for(engine->decide(somebody.view()));
    std::uint64_t expected = 0;
    for (int signal = 1; signal < NSIG; ++signal) {
      const bool is_held_back = !is_kernels_or_libcs(signal) && !is_fault(signal);
      expected |= std::uint64_t{is_held_back} << (signal - 1);
    }
    int num_own = 0;
    for (const int thread : threads()) {
      if (before.contains(thread)) continue;
      ++num_own;
      std::uint64_t held_back = held_back_by(thread);
      for (int i = 0; i < 1000 && held_back != expected; ++i) {  // one that begins holds all back
        std::this_thread::sleep_for(10ms);
        held_back = held_back_by(thread);
      }
      CHECK(held_back == expected);
    }
    CHECK(num_own >= 2);
  }

  TEST_CASE("K-06: a fault that the host holds back and handles comes through nowhere") {
    struct sigaction harness {};
    ::sigaction(SIGSEGV, nullptr, &harness);
    take(SIGSEGV, note_fault);
    sigset_t faults, mask;
    ::sigemptyset(&faults);
    ::sigaddset(&faults, SIGSEGV);
    ::pthread_sigmask(SIG_BLOCK, &faults, &mask);
    take(SIGPIPE, SIG_DFL);
    const Arrangement before;
    ::kill(::getpid(), SIGSEGV);
    for (const std::string driver : {"thread", "caller"}) {
      CAPTURE(driver);
      Live live(Options{{"driver", driver}, {"session_store_type", "memory"}});
      play_a_round(live);
    }
    sigset_t pending;
    ::sigpending(&pending);
    CHECK(::sigismember(&pending, SIGSEGV) == 1);
    CHECK(num_faults.load() == 0);
    CHECK(Arrangement().first_difference(before) == 0);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);  // now it comes, to the host's own handler
    CHECK(num_faults.load() == 1);
    ::sigaction(SIGSEGV, &harness, nullptr);
  }

  TEST_CASE(
      "K-06: engines that end at the same time leave the host's handler of SIGPIPE in place") {
    const auto at_first = Arrangement();
    take(SIGPIPE, note_fault);
    const Arrangement before;
    for (int round = 0; round < 10; ++round) {
      std::vector<std::thread> hosts;
      for (int i = 0; i < 8; ++i) {
        hosts.emplace_back([] {
          for (int k = 0; k < 20; ++k) CHECK(support::offline_engine()->start().ok());
        });
      }
      for (auto& host : hosts) host.join();
      REQUIRE(Arrangement().first_difference(before) == 0);
    }
    ::sigaction(SIGPIPE, &at_first.actions[SIGPIPE], nullptr);
  }

  TEST_CASE("K-06: a provider or a Redis that cuts connections off raises no SIGPIPE here") {
    take(SIGPIPE, SIG_DFL);  // it would end this program
    const Arrangement before;
    const Cutter cutter;
    for (const std::string driver : {"thread", "caller"}) {
      CAPTURE(driver);
      for (const auto& script : cutter.scripts()) {
        HttpServer provider(script, cutter.tls()), redis(script), tls_redis(script, cutter.tls());
        const auto made = Engine::create({{"oidc_issuer_url", provider.url("")},
                                          {"client_id", "c"},
                                          {"client_secret", "s"},
                                          {"cookie_secret", support::cookie_secret},
                                          {"email_domains", "*"},
                                          {"driver", driver},
                                          {"insecure_allow_private_addresses", "true"},
                                          {"provider_ca_files", cutter.ca_path}});
        REQUIRE_MESSAGE(made.ok(), made.error().text);
        CHECK(num_let_in(ask_often(**made, 1)) == 0);
        for (const auto& url : {redis_url(redis, "redis"), redis_url(tls_redis, "rediss")}) {
          CAPTURE(url);
          const auto engine = support::offline_engine(
              {{"driver", driver},
               {"session_store_type", "redis"},
               {"redis_connection_url", url},
               {"redis_ca_path", url.starts_with("rediss") ? cutter.ca_path : ""}});
          for (int i = 0; i < 10; ++i) {
            CHECK(num_let_in(ask_often(*engine, 32)) == 0);
            std::this_thread::sleep_for(2ms);  // what was cut off is noticed later, or too late
          }
        }
        CHECK(provider.num_connections() > 0);
        CHECK(redis.num_connections() > 0);
        CHECK(tls_redis.num_connections() > 0);
      }
    }
    CHECK(Arrangement().first_difference(before) == 0);
  }
}
