#include "server_settings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace forward_auth {
namespace {

using gatelet::Settings;

bool is_on(const Settings& settings, const char* key) {
  const auto text = settings.value(key);
  return text == "true" || text == "1" || text == "t" || text == "T" || text == "TRUE" ||
         text == "True";
}

std::uint64_t number(const Settings& settings, const char* key) {
  return std::strtoull(settings.value(key).c_str(), nullptr, 10);
}

bool is_somewhere(const std::string& address) { return !address.empty() && address != "-"; }

std::optional<TlsSettings> tls_settings(const Settings& settings, const std::string& keys) {
  TlsSettings out;
  out.keys = keys;
  out.cert_file = settings.value(keys + "cert_file");
  out.key_file = settings.value(keys + "key_file");
  if (keys == "tls_") out.min_version = settings.value("tls_min_version");
  if (keys == "tls_") out.cipher_suites = settings.values("tls_cipher_suites");
  const bool is_given = !out.cert_file.empty() || !out.key_file.empty();
  return is_given ? std::optional(out) : std::nullopt;
}

void add(std::vector<Place>& places, const Settings& settings, const char* option,
         std::optional<TlsSettings> tls) {
  auto address = settings.value(option);
  if (is_somewhere(address)) places.push_back({std::move(address), std::move(tls), option});
}

// Beside a certificate oauth2-proxy listens for https only.
std::vector<Place> application_places(const Settings& settings,
                                      std::vector<std::string>& problems) {
  std::vector<Place> out;
  const auto tls = tls_settings(settings, "tls_");
  add(out, settings, tls ? "https_address" : "http_address", tls);
  if (out.empty()) {
    problems.push_back(tls ? "https_address: is off, and http is off beside a certificate"
                           : "http_address: is off, and there is no certificate for https");
  }
  if (const auto problem = tls ? tls_problem(*tls) : ""; !problem.empty()) {
    problems.push_back(problem);
  }
  return out;
}

std::vector<Place> metrics_places(const Settings& settings, std::vector<std::string>& problems) {
  std::vector<Place> out;
  const auto tls = tls_settings(settings, "metrics_tls_");
  add(out, settings, "metrics_address", std::nullopt);
  if (is_somewhere(settings.value("metrics_secure_address")) && !tls) {
    problems.emplace_back("metrics_tls_cert_file: missing, and metrics_secure_address is set");
  } else {
    add(out, settings, "metrics_secure_address", tls);
  }
  if (const auto problem = tls ? tls_problem(*tls) : ""; !problem.empty()) {
    problems.push_back(problem);
  }
  return out;
}

// The operator wants oauth2-proxy's lines: one of their options is set.
bool sets_formats(const Settings& settings) {
  const auto& entries = settings.entries();
  return std::any_of(entries.begin(), entries.end(), [](const Settings::Entry& entry) {
    return entry.key == "auth_logging" || entry.key == "auth_logging_format" ||
           entry.key == "standard_logging" || entry.key == "standard_logging_format";
  });
}

LogSettings log_settings(const Settings& settings) {
  constexpr std::uint64_t megabyte = 1024 * 1024;
  LogSettings out;
  out.local_time = is_on(settings, "logging_local_time");
  out.as_oauth2_proxy = sets_formats(settings);
  out.errors_too = is_on(settings, "errors_to_info_log");
  out.file.name = settings.value("logging_filename");
  const auto size = number(settings, "logging_max_size");
  out.file.max_size = (size == 0 ? 100 : size) * megabyte;
  out.file.max_backups = number(settings, "logging_max_backups");
  out.file.max_age_days = number(settings, "logging_max_age");
  out.file.compress = is_on(settings, "logging_compress");
  out.file.local_time = out.local_time;
  return out;
}

}  // namespace

ServerSettings server_settings(const Settings& settings, std::vector<std::string>& problems) {
  ServerSettings out;
  out.application = application_places(settings, problems);
  out.metrics = metrics_places(settings, problems);
  out.log = log_settings(settings);
  out.upstreams = settings.values("upstreams");
  out.sign_out_path = settings.value("proxy_prefix") + "/sign_out";
  return out;
}

}  // namespace forward_auth
