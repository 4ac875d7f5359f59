#include "config/alpha_server.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/secret_source.hpp"
#include "config/value.hpp"

namespace gatelet::config {
namespace {

class ServerReader {
 public:
  explicit ServerReader(const Settings& settings) : settings_(settings) {}

  std::vector<Settings::Entry> read(Fields& root) {
    read_server(root.within("server"), "", "http_address", "https_address");
    read_server(root.within("metricsServer"), "metrics_", "metrics_address",
                "metrics_secure_address");
    read_upstreams(root.within("upstreamConfig"));
    return std::move(entries_);
  }

 private:
  void read_server(Fields fields, const std::string& prefix, std::string_view address,
                   std::string_view secure_address) {
    add(std::string(address), fields.text("bindAddress"));
    add(std::string(secure_address), fields.text("secureBindAddress"));
    auto tls = fields.within("tls");
    add_pem(tls, "cert", prefix + "tls_cert_file");
    add_pem(tls, "key", prefix + "tls_key_file");
    const auto version = tls.text("minVersion");
    const auto suites = tls.texts("cipherSuites");
    if (!prefix.empty()) {
      refuse_for_metrics(tls, "minVersion", !version.empty());
      refuse_for_metrics(tls, "cipherSuites", !suites.empty());
    } else {
      add("tls_min_version", version);
    }
    if (!suites.empty() && prefix.empty()) {
      Settings::Entry entry{"tls_cipher_suites", {}, true, Settings::Origin::file};
      for (const auto& suite : suites) entry.values.emplace_back(suite);
      put(std::move(entry));
    }
    tls.finish();
    fields.finish();
  }

  void add_pem(Fields& tls, std::string_view name, const std::string& key) {
    if (tls.find(name) == nullptr) return;
    auto source = read_secret_source(tls.within(name), settings_);
    add(key, source.file);
    if (source.text) tls.say(name, "expected fromFile: certificates and keys stand in files here");
  }

  static void refuse_for_metrics(Fields& tls, std::string_view name, bool is_given) {
    if (is_given) tls.say(name, "is not available for metrics; leave it out");
  }

  void read_upstreams(Fields fields) {
    Settings::Entry entry{"upstreams", {}, true, Settings::Origin::file};
    (void)fields.flag("proxyRawPath");
    std::vector<std::string> ids, paths;
    std::size_t number = 0;
    for (const auto& item : fields.list("upstreams")) {
      const auto place = fields.place_of("upstreams[" + std::to_string(number++) + "].");
      auto upstream = read_upstream(Fields(item, place, fields.complaints()), ids, paths);
      if (!upstream.empty()) entry.values.emplace_back(upstream);
    }
    fields.finish();
    if (!entry.values.empty()) put(std::move(entry));
  }

  // As a flat option writes it. The reference's rules, so that a file that it refuses is refused
  // here.
  std::string read_upstream(Fields fields, std::vector<std::string>& ids,
                            std::vector<std::string>& paths) {
    take_unique(fields, "id", ids);
    take_unique(fields, "path", paths);
    const bool is_static = fields.flag("static");
    auto uri = fields.text("uri");
    if (!is_static) judge_uri(fields, uri);
    const bool has_code = fields.find("staticCode") != nullptr;
    const auto code = parse_integer(fields.text("staticCode"));
    if (has_code && !code) fields.say("staticCode", "expected a number");
    if (has_code && !is_static) fields.say("staticCode", "has no effect without static: true");
    (void)fields.text("rewriteTarget");
    for (const auto* name :
         {"insecureSkipTLSVerify", "passHostHeader", "proxyWebSockets", "disableKeepAlives"}) {
      (void)fields.flag(name);
    }
    for (const auto* name : {"flushInterval", "timeout"}) judge_duration(fields, name);
    fields.finish();
    if (!is_static) return uri;
    return "static://" + std::to_string(code.value_or(200));
  }

  static void take_unique(Fields& fields, std::string_view name, std::vector<std::string>& known) {
    auto text = fields.text(name);
    if (text.empty()) return fields.say(name, "missing; write one");
    if (std::find(known.begin(), known.end(), text) != known.end()) {
      fields.say(name, quoted(text) + " stands twice; write another");
    }
    known.push_back(std::move(text));
  }

  static void judge_uri(Fields& fields, std::string_view uri) {
    if (uri.empty()) return fields.say("uri", "missing; write one, or static: true");
    const auto scheme = uri.substr(0, uri.find(':'));
    if (scheme == "http" || scheme == "https" || scheme == "file" || scheme == "unix") return;
    fields.say("uri", quoted(scheme) +
                          " is no scheme of an upstream; write http, https, file or "
                          "unix");
  }

  static void judge_duration(Fields& fields, std::string_view name) {
    const auto text = fields.text(name);
    if (text.empty() || parse_duration(text) || parse_integer(text)) return;
    fields.say(name, "expected a duration, such as 30s");
  }

  void add(std::string key, const std::string& text) {
    if (!text.empty()) put({std::move(key), {Secret(text)}, false, Settings::Origin::file});
  }

  void put(Settings::Entry entry) {
    entry.is_alpha = true;
    entries_.push_back(std::move(entry));
  }

  const Settings& settings_;
  std::vector<Settings::Entry> entries_;
};

}  // namespace

std::vector<Settings::Entry> read_alpha_server(Fields& root, const Settings& settings) {
  return ServerReader(settings).read(root);
}

}  // namespace gatelet::config
