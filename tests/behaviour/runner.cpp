// Decides requests that come as JSON, one a line, through the C++ API and through the C API; what
// both answered goes out as JSON. behaviour.py asks and judges.
//
// Asked:    {"settings": [[key, value], ...], "method", "scheme", "host", "target", "peer",
//            "headers": [[name, value], ...], "body": text or not there}
// Answered: {"cpp": {...}, "c": {...}} with kind, status, reason, strip, upstream, response, body,
//           email; or {"error": text} where the settings are refused.
#include <gatelet/gatelet.h>
#include <gatelet/gatelet.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Json = nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// A decision's bytes need not be text.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return out;
}

std::string_view kind_name(int kind) {
  switch (kind) {
    case GATELET_ALLOW: return "allow";
    case GATELET_REDIRECT: return "redirect";
    case GATELET_UNAUTHORIZED: return "unauthorized";
    case GATELET_FORBIDDEN: return "forbidden";
    default: return "respond";
  }
}

std::string_view kind_name(gatelet::Decision::Kind kind) {
  using Kind = gatelet::Decision::Kind;
  switch (kind) {
    case Kind::allow: return "allow";
    case Kind::redirect: return "redirect";
    case Kind::unauthorized: return "unauthorized";
    case Kind::forbidden: return "forbidden";
    case Kind::respond: return "respond";
  }
  return "?";
}

Json fields(std::span<const gatelet::HeaderView> from) {
  auto out = Json::array();
  for (const auto& field : from) out.push_back({field.name, shown(field.value)});
  return out;
}

// At once, or once the operation has ended.
gatelet::Result<gatelet::Decision> settled(gatelet::Outcome<gatelet::Decision> outcome) {
  if (!outcome.ok()) return std::move(outcome).error();
  if (auto* decision = std::get_if<gatelet::Decision>(&*outcome)) return std::move(*decision);
  auto& operation = std::get<gatelet::Operation<gatelet::Decision>>(*outcome);
  return operation.wait(std::chrono::steady_clock::now() + std::chrono::seconds(10));
}

Json ask_cpp(const gatelet::Engine& engine, const Json& asked) {
  const Pairs pairs = asked.at("headers");
  std::vector<gatelet::HeaderView> headers;
  for (const auto& [name, value] : pairs) headers.push_back({name, value});
  const std::string method = asked.at("method"), scheme = asked.at("scheme"),
                    host = asked.at("host"), target = asked.at("target"), peer = asked.at("peer"),
                    body = asked.value("body", "");
  gatelet::RequestView request{method, scheme, host, target, peer, headers, {}};
  if (asked.contains("body")) request.body = body;
  auto decided = settled(engine.decide(request));
  if (!decided.ok()) return {{"error", decided.error().text}};
  const auto* decision = &*decided;
  const auto* identity = decision->identity();
  auto strip = Json::array();
  for (const auto& field : decision->strip()) strip.push_back(field.name);
  return {{"kind", kind_name(decision->kind())},
          {"status", decision->http_status()},
          {"reason", gatelet::reason_code(decision->reason())},
          {"strip", strip},
          {"upstream", fields(decision->upstream())},
          {"response", fields(decision->response())},
          {"body", shown(decision->body())},
          {"email", identity == nullptr ? "" : shown(identity->email())}};
}

gatelet_str str(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(gatelet_str text) { return {text.data, text.size}; }

Json fields(const gatelet_decision* decision, int set) {
  std::size_t num = 0;
  const auto* from = gatelet_decision_headers(decision, set, &num);
  auto out = Json::array();
  for (std::size_t i = 0; i < num; ++i) {
    out.push_back({view(from[i].name), shown(view(from[i].value))});
  }
  return out;
}

Json ask_c(const gatelet_engine* engine, const Json& asked) {
  const Pairs pairs = asked.at("headers");
  std::vector<gatelet_header> headers;
  for (const auto& [name, value] : pairs) headers.push_back({str(name), str(value)});
  const std::string method = asked.at("method"), scheme = asked.at("scheme"),
                    host = asked.at("host"), target = asked.at("target"), peer = asked.at("peer"),
                    body = asked.value("body", "");
  gatelet_request request = GATELET_REQUEST_INIT;
  request.method = str(method);
  request.scheme = str(scheme);
  request.host = str(host);
  request.target = str(target);
  request.peer = str(peer);
  request.headers = headers.data();
  request.num_headers = headers.size();
  request.has_body = asked.contains("body");
  request.body = str(body);

  gatelet_decision* decision = nullptr;
  gatelet_op* op = nullptr;
  gatelet_error error = GATELET_ERROR_INIT;
  auto status = gatelet_decide(engine, &request, &decision, &op, &error);
  if (status == GATELET_PENDING) status = gatelet_op_wait(op, 10'000, &decision, &error);
  gatelet_op_release(op);
  if (status != GATELET_OK) return {{"error", error.text}};
  auto strip = Json::array();
  for (const auto& field : fields(decision, GATELET_STRIP)) strip.push_back(field.at(0));
  Json out{{"kind", kind_name(gatelet_decision_kind(decision))},
           {"status", gatelet_decision_http_status(decision)},
           {"reason", view(gatelet_decision_reason(decision))},
           {"strip", strip},
           {"upstream", fields(decision, GATELET_UPSTREAM)},
           {"response", fields(decision, GATELET_RESPONSE)},
           {"body", shown(view(gatelet_decision_body(decision)))},
           {"email", shown(view(gatelet_decision_identity(decision, str("email"))))}};
  gatelet_decision_release(decision);
  return out;
}

// The engines of one configuration, or why there are none.
struct Engines {
  std::shared_ptr<gatelet::Engine> cpp;
  gatelet_engine* c = nullptr;
  std::string error;

  explicit Engines(const Pairs& settings) {
    make_cpp(settings);
    make_c(settings);
  }
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;
  ~Engines() { gatelet_engine_release(c); }

 private:
  void make_cpp(const Pairs& settings) {
    gatelet::Settings made;
    for (const auto& [key, value] : settings) {
      auto done = made.set(key, value);
      if (!done.ok()) error = done.error().text;
    }
    if (!error.empty()) return;
    auto created = gatelet::Engine::create(made);
    if (created.ok()) cpp = std::move(created).value();
    if (!cpp) error = created.error().text;
  }

  void make_c(const Pairs& settings) {
    gatelet_config* config = nullptr;
    gatelet_error failed = GATELET_ERROR_INIT;
    if (gatelet_config_new(&config) != GATELET_OK) return;
    auto status = GATELET_OK;
    for (const auto& [key, value] : settings) {
      if (status == GATELET_OK) status = gatelet_config_set(config, str(key), str(value), &failed);
    }
    if (status == GATELET_OK) (void)gatelet_engine_create(config, &c, &failed);
    gatelet_config_free(config);
    if ((c != nullptr) != (cpp != nullptr)) error = "the two APIs disagree: " + error + failed.text;
  }
};

}  // namespace

int main() {
  std::map<Pairs, std::unique_ptr<Engines>> known;
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = Json::parse(line);
    const Pairs settings = asked.at("settings");
    auto& engines = known[settings];
    if (!engines) engines = std::make_unique<Engines>(settings);
    Json answer{{"error", engines->error}};
    if (engines->error.empty()) {
      answer = {{"cpp", ask_cpp(*engines->cpp, asked)}, {"c", ask_c(engines->c, asked)}};
    }
    std::cout << answer.dump() << std::endl;
  }
}
