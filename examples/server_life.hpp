// The life of a demo server: where it listens, and that SIGINT and SIGTERM end it.
#pragma once

#include <httplib.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>

namespace examples {

// Made before any thread begins: from then on the signals are waited for, not handled.
class EndSignals {
 public:
  // `ends_with_parent`: the program does not outlive whoever started it.
  explicit EndSignals(bool ends_with_parent = true) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
    if (ends_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  void wait() const {
    int signal_number = 0;
    sigwait(&set_, &signal_number);
  }
  // Ends the program when another signal comes, or after so many seconds, whatever still runs.
  void end_within(int seconds) const {
    std::thread([set = set_, seconds] {
      const timespec limit{seconds, 0};
      while (sigtimedwait(&set, nullptr, &limit) < 0 && errno == EINTR) {
      }
      _exit(1);
    }).detach();
  }

 private:
  sigset_t set_;
};

// Port 0 takes any free one. The port, or -1 when it cannot be had.
inline int bind_to(httplib::Server& server, const std::string& host, int port) {
  if (port == 0) return server.bind_to_any_port(host);
  return server.bind_to_port(host, port) ? port : -1;
}

// Serves the bound server until a signal comes; `before_stop` runs first then. False: it could not
// listen.
inline bool serve_until(const EndSignals& signals, httplib::Server& server,
                        const std::function<void()>& before_stop = {}) {
  server.set_keep_alive_timeout(1);  // idle connections must not hold up the end
  std::atomic<bool> has_ended{false};
  std::thread stopper([&] {
    signals.wait();
    while (!server.is_running() && !has_ended)
      std::this_thread::yield();  // stop() before listening is forgotten
    if (before_stop) before_stop();
    server.stop();
  });
  const bool is_fine = server.listen_after_bind();
  has_ended = true;
  pthread_kill(stopper.native_handle(), SIGTERM);
  stopper.join();
  return is_fine;
}

}  // namespace examples
