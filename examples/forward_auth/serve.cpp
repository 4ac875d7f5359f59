#include "serve.hpp"

#include <strings.h>

#include <algorithm>
#include <chrono>

namespace forward_auth {
namespace {

using gatelet::Decision;
using gatelet::HeaderView;

constexpr auto patience = std::chrono::seconds(40);  // longer than any operation lasts

// cpp-httplib adds these to the headers; they did not come over the wire.
bool is_from_httplib(const std::string& name) {
  return name == "REMOTE_ADDR" || name == "REMOTE_PORT" || name == "LOCAL_ADDR" ||
         name == "LOCAL_PORT";
}

// One request as the engine sees it; views the request.
class Seen {
 public:
  Seen(const httplib::Request& request, const Entrance& entrance) {
    for (const auto& [name, value] : request.headers) {
      if (!is_from_httplib(name)) headers_.push_back({name, value});
    }
    view_.method = request.method;
    view_.scheme = entrance.scheme;
    view_.target = request.target;
    view_.peer = entrance.is_unix ? std::string_view("127.0.0.1") : request.remote_addr;
    view_.headers = headers_;
    const auto host = std::find_if(headers_.begin(), headers_.end(), [](const HeaderView& field) {
      return field.name.size() == 4 && strncasecmp(field.name.data(), "host", 4) == 0;
    });
    if (host != headers_.end()) view_.host = host->value;
    if (request.method == "POST") view_.body = request.body;
  }
  const gatelet::RequestView& view() const { return view_; }

 private:
  std::vector<HeaderView> headers_;
  gatelet::RequestView view_;
};

// The decision, whatever it takes: at once, after waiting, or the page that goes with an error.
Decision decide(const gatelet::Engine& engine, const gatelet::RequestView& request) {
  auto outcome = engine.decide(request);
  if (!outcome.ok()) return engine.failure(request, outcome.error());
  if (auto* decision = std::get_if<Decision>(&*outcome)) return std::move(*decision);
  auto& operation = std::get<gatelet::Operation<Decision>>(*outcome);
  auto decision = operation.wait(std::chrono::steady_clock::now() + patience);
  return decision.ok() ? std::move(decision).value() : engine.failure(request, decision.error());
}

bool is_stripped(const Decision& decision, const std::string& name) {
  const auto strip = decision.strip();
  return std::any_of(strip.begin(), strip.end(), [&](const HeaderView& field) {
    return field.name.size() == name.size() &&
           strncasecmp(field.name.data(), name.data(), name.size()) == 0;
  });
}

Allowed allowed_request(const Decision& decision, const httplib::Request& request) {
  Allowed allowed;
  allowed.identity = decision.identity();
  for (const auto& [name, value] : request.headers) {
    if (!is_from_httplib(name) && !is_stripped(decision, name))
      allowed.headers.emplace_back(name, value);
  }
  for (const auto& field : decision.upstream())
    allowed.headers.emplace_back(field.name, field.value);
  return allowed;
}

// An own answer of the engine. Its body brings its Content-Type along.
void answer(const Decision& decision, httplib::Response& response) {
  response.status = decision.http_status();
  response.body = decision.body();
}

}  // namespace

void protect(httplib::Server& server, std::shared_ptr<const gatelet::Engine> engine,
             Application application, Entrance entrance, RequestLog log) {
  const auto handle = [engine = std::move(engine), application = std::move(application),
                       entrance = std::move(entrance), log = std::move(log)](
                          const httplib::Request& request, httplib::Response& response) {
    const auto arrived = std::chrono::steady_clock::now();
    const Seen seen(request, entrance);
    if (request.body.size() > engine->body_limit(seen.view()) &&
        engine->body_limit(seen.view()) > 0) {
      response.status = 413;
      return;
    }
    const auto decision = decide(*engine, seen.view());
    if (decision.kind() == Decision::Kind::allow) {
      application(request, allowed_request(decision, request), response);
    } else {
      answer(decision, response);
    }
    for (const auto& field : decision.response()) {
      response.headers.emplace(std::string(field.name), std::string(field.value));
    }
    if (!log) return;
    const auto line = engine->request_line(seen.view(), decision,
                                           {response.status,
                                            response.body.size(),
                                            std::chrono::steady_clock::now() - arrived,
                                            request.version,
                                            {}});
    if (!line.empty()) log(line);
  };

  // Requests without a body are handled before any routing; for the others cpp-httplib reads the
  // body first.
  server.set_pre_routing_handler(
      [handle](const httplib::Request& request, httplib::Response& response) {
        if (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS") {
          return httplib::Server::HandlerResponse::Unhandled;
        }
        handle(request, response);
        return httplib::Server::HandlerResponse::Handled;
      });
  constexpr const char* any = R"([\s\S]*)";
  server.Post(any, handle);
  server.Put(any, handle);
  server.Patch(any, handle);
  server.Delete(any, handle);
}

}  // namespace forward_auth
