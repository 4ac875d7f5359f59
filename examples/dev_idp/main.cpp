// An OpenID provider for the demo and the tests of gatelet. NEVER FOR PRODUCTION: it knows no
// passwords and misbehaves on demand. README.md lists its endpoints and switches.
#include <iostream>

#include "provider.hpp"
#include "server_life.hpp"

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = dev_idp::read_options(argc, argv, exit_code);
  if (!options) return exit_code;

  const examples::EndSignals signals;

  try {
    dev_idp::Provider provider(*options);
    httplib::Server server;
    // Hanging answers hold a thread each; the good ones must go on beside them.
    server.new_task_queue = [] { return new httplib::ThreadPool(64); };
    const int port = examples::bind_to(server, "127.0.0.1", options->port);
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

    std::cout << "dev_idp: development provider, never for production\nissuer " << provider.issuer
              << std::endl;
    const bool is_fine =
        examples::serve_until(signals, server, [&] { provider.patience.release(); });
    return is_fine ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "dev_idp: " << error.what() << '\n';
    return 1;
  }
}
