// A whole engine that needs no network: whatever a request brings, nobody without a session of ours
// is let in, and every answer is whole. Lines as in settle_request_fuzz.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "require.hpp"
#include "support/engines.hpp"

using namespace gatelet;

namespace {

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

const Engine& engine() {
  static const auto made = support::offline_engine({{"reverse_proxy", "true"},
                                                    {"trusted_proxy_ips", "10.0.0.0/8"},
                                                    {"whitelist_domains", ".example.com"}});
  return *made;
}

void check(const Decision& decision) {
  require(decision.kind() != Decision::Kind::allow);
  require(decision.http_status() >= 200 && decision.http_status() <= 599);
  require(decision.upstream().empty());
  require(decision.identity() == nullptr);
  for (const auto& field : decision.response()) {
    for (const char c : field.value) require(c != '\r' && c != '\n' && c != '\0');
    require(field.value.find("canary") == std::string_view::npos);
  }
  require(decision.body().find("canary") == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find("canary") != std::string_view::npos) return 0;
  RequestView request;
  request.method = take_line(text);
  request.scheme = take_line(text);
  request.host = take_line(text);
  request.target = take_line(text);
  request.peer = take_line(text);
  std::vector<HeaderView> headers;
  while (!text.empty() && headers.size() < 64) {
    const auto line = take_line(text);
    const auto colon = std::min(line.find(':'), line.size());
    headers.push_back({line.substr(0, colon), line.substr(std::min(colon + 1, line.size()))});
  }
  request.headers = headers;
  if (engine().body_limit(request) > 0) request.body = request.target;

  auto outcome = engine().decide(request);
  if (!outcome.ok()) {
    check(engine().failure(request, outcome.error()));
    return 0;
  }
  // An operation would need a session or a sign-in attempt of ours; signing out needs neither, and
  // no network either.
  require(std::holds_alternative<Decision>(*outcome));
  check(std::get<Decision>(*outcome));
  const auto identity = engine().identify(request);
  require(!identity.ok() || !std::get<Identity>(*identity).has_session());
  return 0;
}
