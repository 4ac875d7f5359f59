// A server with sign-in by gatelet, through its public C++ API only: the demo, and an answer to
// nginx's auth_request.

#include <atomic>
#include <fstream>
#include <gatelet/gatelet.hpp>
#include <iostream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "options.hpp"
#include "page.hpp"
#include "serve.hpp"
#include "server_life.hpp"

namespace {

using gatelet::Event;

// One line an event, to standard error.
class Log {
 public:
  explicit Log(Event::Level lowest) : lowest_(lowest) {}

  void write(const Event& event) {
    if (event.level < lowest_) return;
    constexpr const char* levels[] = {"debug", "info", "warning", "error"};
    std::ostringstream line;
    line << levels[static_cast<int>(event.level)] << ' ' << event.code;
    if (!event.provider.empty()) line << " provider=" << event.provider;
    if (!event.request_id.empty()) line << " request=" << event.request_id;
    if (!event.text.empty()) line << ": " << event.text;
    write_line(line.str());
  }

  void write_line(const std::string& line) {
    const std::lock_guard lock(mutex_);
    std::cerr << line << std::endl;
  }

 private:
  const Event::Level lowest_;
  std::mutex mutex_;
};

bool load_file(gatelet::Settings& settings, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    std::cerr << "forward_auth: --config " << path << ": cannot be read\n";
    return false;
  }
  const auto* format = path.ends_with(".json") ? "json" : "toml";
  if (const auto loaded = settings.load(format, text.str()); !loaded.ok()) {
    std::cerr << "forward_auth: " << path << ": " << loaded.error().text << '\n';
    return false;
  }
  return true;
}

std::string sign_out_path_of(const gatelet::Settings& settings) {
  const gatelet::Settings::Entry* prefix = nullptr;
  for (const auto& entry : settings.entries()) {
    if (entry.key == "proxy_prefix" && (!prefix || prefix->origin < entry.origin)) prefix = &entry;
  }
  return (prefix ? std::string(prefix->values.front().reveal()) : "/oauth2") + "/sign_out";
}

}  // namespace

namespace {

// Everything the engine is told: the file, the environment, the command line.
std::optional<gatelet::Settings> read_settings(const forward_auth::Options& options) {
  gatelet::Settings settings;
  if (!options.config_file.empty() && !load_file(settings, options.config_file)) return {};
  if (const auto loaded = settings.load_env(environ); !loaded.ok()) {
    std::cerr << "forward_auth: the environment: " << loaded.error().text << '\n';
    return {};
  }
  for (const auto& setting : options.settings) {
    if (const auto set = settings.set(setting.name, setting.value); !set.ok()) {
      std::cerr << "forward_auth: " << setting.flag << ' ' << setting.name << ": "
                << set.error().text << '\n';
      return {};
    }
  }
  return settings;
}

// Prometheus' text, on an address of its own: it is nobody's business who may ask there.
class Metrics {
 public:
  explicit Metrics(std::shared_ptr<gatelet::Engine> engine) {
    server_.Get("/metrics", [engine](const httplib::Request&, httplib::Response& response) {
      response.set_content(engine->metrics(), "text/plain; version=0.0.4");
    });
  }
  ~Metrics() {
    if (!thread_.joinable()) return;
    while (!server_.is_running() && !has_ended_)
      std::this_thread::yield();  // stop() before listening is forgotten
    server_.stop();
    thread_.join();
  }
  int listen(const forward_auth::Address& address) {
    const int port = examples::bind_to(server_, address.host, address.port);
    if (port < 0) return port;
    thread_ = std::thread([this] {
      server_.listen_after_bind();
      has_ended_ = true;
    });
    return port;
  }

 private:
  httplib::Server server_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

int taken(const forward_auth::Address& address, std::string_view flag) {
  std::cerr << "forward_auth: " << address.host << ':' << address.port
            << " is taken; choose another with " << flag << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = forward_auth::read_options(argc, argv, exit_code);
  if (!options) return exit_code;

  const examples::EndSignals signals;
  const auto settings = read_settings(*options);
  if (!settings) return 2;

  Log log(options->is_quiet ? Event::Level::warning : Event::Level::info);
  auto ports = gatelet::default_ports();
  ports.on_event = [&log](const Event& event) { log.write(event); };
  auto engine = gatelet::Engine::create(*settings, std::move(ports));
  if (!engine.ok()) {
    std::cerr << "forward_auth: the configuration cannot be used:\n" << engine.error().text << '\n';
    return 2;
  }
  if (options->is_test) return std::cout << "the configuration is fine\n", 0;

  httplib::Server server;
  server.set_payload_max_length(64 * 1024);
  server.new_task_queue = [] { return new httplib::ThreadPool(32); };
  forward_auth::RequestLog log_request;
  if (!options->is_quiet) log_request = [&log](const std::string& line) { log.write_line(line); };
  forward_auth::protect(
      server, *engine,
      [sign_out_path = sign_out_path_of(*settings)](const httplib::Request&,
                                                    const forward_auth::Allowed& allowed,
                                                    httplib::Response& response) {
        forward_auth::show_page(allowed, sign_out_path, response);
      },
      std::move(log_request));
  const int port = examples::bind_to(server, options->http.host, options->http.port);
  if (port < 0) return taken(options->http, "--http-address");
  Metrics metrics(*engine);
  if (options->metrics) {
    const int metrics_port = metrics.listen(*options->metrics);
    if (metrics_port < 0) return taken(*options->metrics, "--metrics-address");
    std::cout << "metrics on http://" << options->metrics->host << ':' << metrics_port
              << "/metrics\n";
  }

  std::cout << "listening on http://" << options->http.host << ':' << port << std::endl;
  return examples::serve_until(signals, server) ? 0 : 1;
}
