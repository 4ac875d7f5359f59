#include "io/signals.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>

using gatelet::io::QuietSignals;

namespace {

std::atomic<int> num_caught{0};
void count(int) { ++num_caught; }

bool is_blocked(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

}  // namespace

TEST_SUITE("io/signals") {
  TEST_CASE("a SIGPIPE that arises meanwhile is swallowed, even with the default action") {
    signal(SIGPIPE, SIG_DFL);  // would end this program
    {
      const QuietSignals quiet;
      raise(SIGPIPE);
      raise(SIGPIPE);
    }
    CHECK_FALSE(is_blocked(SIGPIPE));
  }

  TEST_CASE("any other signal arrives afterwards, none is lost") {
    num_caught = 0;
    signal(SIGUSR1, count);
    {
      const QuietSignals quiet;
      raise(SIGUSR1);
      CHECK(num_caught == 0);
    }
    CHECK(num_caught == 1);
    signal(SIGUSR1, SIG_DFL);
  }

  TEST_CASE("a SIGPIPE that the host itself holds back stays pending") {
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    raise(SIGPIPE);
    { const QuietSignals quiet; }

    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 1);

    int taken = 0;
    sigwait(&pipe, &taken);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  TEST_CASE("faults of the program stay deliverable") {
    const QuietSignals quiet;
    CHECK(is_blocked(SIGTERM));
    CHECK_FALSE(is_blocked(SIGSEGV));
    CHECK_FALSE(is_blocked(SIGABRT));
  }

  TEST_CASE("K-06: a fault that the host itself holds back is held back") {
    sigset_t faults, before;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &faults, &before);
    {
      const QuietSignals quiet;
      CHECK(is_blocked(SIGSEGV));
      CHECK_FALSE(is_blocked(SIGABRT));
    }
    CHECK(is_blocked(SIGSEGV));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
}
