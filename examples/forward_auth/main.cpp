// Answers for a proxy who may pass, and signs people in: gatelet as a server of its own, through
// its public C++ API only, with oauth2-proxy's flags, files and environment.

#include <atomic>
#include <csignal>
#include <fstream>
#include <gatelet/gatelet.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "listener.hpp"
#include "local_clock.hpp"
#include "log.hpp"
#include "options.hpp"
#include "page.hpp"
#include "serve.hpp"
#include "server_life.hpp"
#include "server_settings.hpp"
#include "upstreams.hpp"

namespace {

using gatelet::Event;

constexpr int configuration_is_wrong = 1;   // as oauth2-proxy ends; mistakes in flags end with 2
constexpr int longest_end_in_seconds = 45;  // more than any request waits for a provider

bool load_file(gatelet::Settings& settings, std::string_view flag, const std::string& path,
               std::string_view format) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    std::cerr << "forward_auth: " << flag << ' ' << path << ": cannot be read\n";
    return false;
  }
  if (const auto loaded = settings.load(format, text.str()); !loaded.ok()) {
    std::cerr << "forward_auth: " << path << ": " << loaded.error().text << '\n';
    return false;
  }
  return true;
}

// Everything the engine is told: the files, the environment, the command line. Otherwise
// `exit_code` says how to end, after the mistake was printed.
std::optional<gatelet::Settings> read_settings(const forward_auth::Options& options,
                                               int& exit_code) {
  exit_code = configuration_is_wrong;
  gatelet::Settings settings;
  const auto &config = options.config_file, &alpha = options.alpha_config;
  const auto* format = config.ends_with(".json") ? "json" : "toml";
  if (!config.empty() && !load_file(settings, "--config", config, format)) return {};
  if (const auto loaded = settings.load_env(environ); !loaded.ok()) {
    std::cerr << "forward_auth: the environment: " << loaded.error().text << '\n';
    return {};
  }
  // After the environment, whose variables it may name.
  if (!alpha.empty() && !load_file(settings, "--alpha-config", alpha, "yaml")) return {};
  for (const auto& setting : options.settings) {
    if (const auto set = settings.set(setting.name, setting.value); !set.ok()) {
      std::cerr << "forward_auth: " << setting.flag << ' ' << setting.name << ": "
                << set.error().text << '\n';
      exit_code = 2;
      return {};
    }
  }
  return settings;
}

// What the library leaves to its host is done here, but for forwarding.
void tell(forward_auth::Log& log, Event event, bool is_static_only) {
  if (event.code == "server-options") return;
  if (event.code == "upstream-options") {
    if (is_static_only) return;
    event.level = Event::Level::warning;
  }
  log.write(event);
}

void answer_forwarded(int status, httplib::Response& response) {
  constexpr int not_implemented = 501;
  response.status = status;
  const auto* text =
      status == not_implemented
          ? "forward_auth says who may pass and forwards nothing: let nginx, Traefik "
            "or Caddy reach the application, and ask here (README shows how)\n"
      : status == 404 ? "Not found\n"
                      : "Authenticated";
  if (status != 204 && status != 304) response.set_content(text, "text/plain; charset=utf-8");
}

// What a request gets that may pass: the demo's page, or what the upstreams say.
forward_auth::Application application_of(const forward_auth::ServerSettings& server) {
  return
      [upstreams = forward_auth::Upstreams(server.upstreams), sign_out_path = server.sign_out_path](
          const httplib::Request& request, const forward_auth::Allowed& allowed,
          httplib::Response& response) {
        if (upstreams.empty()) {
          forward_auth::show_page(allowed, sign_out_path, response);
        } else {
          answer_forwarded(upstreams.status_for(request.path), response);
        }
      };
}

// Everything that listens, until a signal comes.
class Servers {
 public:
  // False: an address cannot be had, and that was printed.
  bool open(const forward_auth::ServerSettings& settings,
            const std::shared_ptr<gatelet::Engine>& engine,
            const forward_auth::RequestLog& log_request) {
    const auto application = application_of(settings);
    for (const auto& place : settings.metrics) {
      auto* listener = add(place);
      if (listener == nullptr) return false;
      const auto show = [engine](const httplib::Request&, httplib::Response& response) {
        response.set_content(engine->metrics(), "text/plain; version=0.0.4");
      };
      listener->server().Get("/metrics", show);
      std::cout << "metrics on " << listener->where() << "/metrics\n";
    }
    for (const auto& place : settings.application) {
      auto* listener = add(place);
      if (listener == nullptr) return false;
      forward_auth::protect(listener->server(), engine, application,
                            {listener->scheme(), listener->is_unix()}, log_request);
      std::cout << "listening on " << listener->where() << std::endl;
    }
    return true;
  }

  // False: one of them could not serve.
  bool run(const examples::EndSignals& signals) {
    std::atomic<bool> has_failed{false};
    for (const auto& listener : all_) {
      listener->begin([&has_failed] {
        has_failed = true;
        kill(getpid(), SIGTERM);
      });
    }
    signals.wait();
    signals.end_within(longest_end_in_seconds);
    for (const auto& listener : all_) listener->end();
    for (const auto& listener : all_) listener->join();
    return !has_failed;
  }

 private:
  forward_auth::Listener* add(const forward_auth::Place& place) {
    std::string problem;
    auto made = std::make_unique<forward_auth::Listener>(place.address, place.tls, problem);
    if (!problem.empty()) {
      std::cerr << "forward_auth: " << place.option << ": " << place.address
                << " cannot be listened on: " << problem << '\n';
      return nullptr;
    }
    return all_.emplace_back(std::move(made)).get();
  }

  std::vector<std::unique_ptr<forward_auth::Listener>> all_;
};

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const auto options = forward_auth::read_options(argc, argv, exit_code);
  if (!options) return exit_code;

  const examples::EndSignals signals(options->ends_with_parent);
  const auto settings = read_settings(*options, exit_code);
  if (!settings) return exit_code;

  std::vector<std::string> problems;
  auto server = forward_auth::server_settings(*settings, problems);
  server.log.lowest = options->is_quiet ? Event::Level::warning : Event::Level::info;
  std::string log_problem;
  forward_auth::Log log(server.log, log_problem);
  if (!log_problem.empty()) problems.push_back(log_problem);

  auto ports = gatelet::default_ports();
  if (server.log.local_time) ports.clock = std::make_shared<forward_auth::LocalClock>(ports.clock);
  const bool is_static_only = forward_auth::Upstreams(server.upstreams).is_static_only();
  ports.on_event = [&](const Event& event) { tell(log, event, is_static_only); };
  auto engine = gatelet::Engine::create(*settings, std::move(ports));
  if (!engine.ok()) problems.insert(problems.begin(), engine.error().text);
  if (!problems.empty()) {
    std::cerr << "forward_auth: the configuration cannot be used:\n";
    for (const auto& problem : problems) std::cerr << problem << '\n';
    return configuration_is_wrong;
  }
  if (options->is_test) return std::cout << "the configuration is fine\n", 0;

  Servers servers;
  forward_auth::RequestLog log_request;
  if (!options->is_quiet) log_request = [&log](const std::string& line) { log.write_line(line); };
  if (!servers.open(server, *engine, log_request)) return configuration_is_wrong;
  return servers.run(signals) ? 0 : 1;
}
