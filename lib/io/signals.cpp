#include "io/signals.hpp"

#include <initializer_list>

namespace gatelet::io {
namespace {

bool is_pipe_pending() noexcept {
  sigset_t pending;
  sigemptyset(&pending);
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

QuietSignals::QuietSignals() noexcept : had_pipe_(is_pipe_pending()) {
  sigset_t quiet;
  sigfillset(&quiet);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    sigdelset(&quiet, fault);
  }
  pthread_sigmask(SIG_BLOCK, &quiet, &before_);
}

QuietSignals::~QuietSignals() {
  if (!had_pipe_ && is_pipe_pending()) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    int taken = 0;
    sigwait(&pipe, &taken);
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace gatelet::io
