// Keeping signals away from the library's work: its threads take none, and a broken connection
// never kills the host.
#pragma once

#include <csignal>

namespace gatelet::io {

// While it lives, no signal is delivered to this thread, and a SIGPIPE that arose meanwhile is
// swallowed: OpenSSL writes to sockets without MSG_NOSIGNAL. Faults of the program itself (SIGSEGV
// and its kind) stay as the host has them: blocking them would hide a crash from its handler, and
// one that the host holds back, to take it elsewhere, must not come through here.
class QuietSignals {
 public:
  QuietSignals() noexcept;
  QuietSignals(const QuietSignals&) = delete;
  QuietSignals& operator=(const QuietSignals&) = delete;
  ~QuietSignals();

 private:
  sigset_t before_;
  bool had_pipe_;
};

}  // namespace gatelet::io
