// An OpenID provider for the demo and the tests of gatelet. NEVER FOR PRODUCTION: it knows no
// passwords and misbehaves on demand. README.md lists its endpoints and switches.
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "provider.hpp"

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = dev_idp::read_options(argc, argv, exit_code);
  if (!options) return exit_code;

  // Signals are waited for, not handled: blocked before any thread begins.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // never outlives whoever started it

  try {
    dev_idp::Provider provider(*options);
    httplib::Server server;
    server.set_keep_alive_timeout(1);  // idle connections must not hold up the end
    // Hanging answers hold a thread each; the good ones must go on beside them.
    server.new_task_queue = [] { return new httplib::ThreadPool(64); };
    const int port = options->port == 0 ? server.bind_to_any_port("127.0.0.1")
                     : server.bind_to_port("127.0.0.1", options->port) ? options->port
                                                                       : -1;
    if (port < 0) {
      std::cerr << "dev_idp: port " << options->port
                << " on 127.0.0.1 is taken; choose another with --port\n";
      return 1;
    }
    provider.issuer = "http://127.0.0.1:" + std::to_string(port) + options->issuer_path;
    provider.base_url = provider.issuer;
    if (provider.base_url.back() == '/') provider.base_url.pop_back();
    provider.base_path = provider.base_url.substr(std::string("http://127.0.0.1:").size() +
                                                  std::to_string(port).size());

    dev_idp::add_discovery(server, provider);
    dev_idp::add_authorize(server, provider);
    dev_idp::add_token(server, provider);
    dev_idp::add_userinfo(server, provider);
    dev_idp::add_end_session(server, provider);
    dev_idp::add_control(server, provider);

    std::atomic<bool> has_ended{false};
    std::thread stopper([&] {
      int signal_number = 0;
      sigwait(&ends, &signal_number);
      while (!server.is_running() && !has_ended)
        std::this_thread::yield();  // stop() before listening is forgotten
      provider.patience.release();
      server.stop();
    });
    std::cout << "dev_idp: development provider, never for production\nissuer " << provider.issuer
              << std::endl;
    const bool is_fine = server.listen_after_bind();
    has_ended = true;
    pthread_kill(stopper.native_handle(), SIGTERM);
    stopper.join();
    return is_fine ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "dev_idp: " << error.what() << '\n';
    return 1;
  }
}
