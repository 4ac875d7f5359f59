#include "engine/live_provider.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <sstream>

#include "support/engines.hpp"
#include "support/field_list.hpp"

namespace gatelet::engine {
namespace {

constexpr auto patience = std::chrono::seconds(10);

std::string path_of(std::string_view url) {
  const auto path = url.substr(url.find('/', url.find("//") + 2));
  return std::string(path.substr(0, path.find('?')));
}

HttpCall parse(const std::string& request) {
  HttpCall call;
  std::istringstream head(request.substr(0, request.find("\r\n\r\n")));
  std::string target, line;
  head >> call.method >> target;
  std::getline(head, line);
  while (std::getline(head, line)) {
    if (line.ends_with('\r')) line.pop_back();
    const auto colon = line.find(": ");
    if (colon != std::string::npos) call.add_header(line.substr(0, colon), line.substr(colon + 2));
  }
  call.url = "http://" + std::string(call.header("Host")) + target;
  call.body = request.substr(request.find("\r\n\r\n") + 4);
  return call;
}

}  // namespace

LiveProvider::LiveProvider(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {
  server_ = std::make_unique<support::HttpServer>([this](support::HttpPeer& peer) { serve(peer); });
  const std::scoped_lock lock(mutex_);
  fake_.settings.issuer = server_->url("");
}

std::string LiveProvider::bearer_token(const std::function<void(support::JsonText&)>& edit) {
  const std::scoped_lock lock(mutex_);
  return fake_.bearer_token(clock_->now(), edit);
}

LiveProvider::~LiveProvider() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  server_.reset();
}

void LiveProvider::serve(support::HttpPeer& peer) {
  while (const auto request = peer.read_request()) {
    const auto reply = reply_to(parse(*request));
    std::string fields;
    for (const auto& field : reply.fields) fields += field.name + ": " + field.value + "\r\n";
    peer.reply(reply.status, reply.body, fields);
  }
}

HttpReply LiveProvider::reply_to(const HttpCall& call) {
  const auto path = path_of(call.url);
  std::unique_lock lock(mutex_);
  ++num_requests_[path];
  changed_.notify_all();
  changed_.wait(lock, [&] { return held_ != path || is_ending_; });
  if (const auto found = statuses_.find(path); found != statuses_.end() && found->second != 0) {
    HttpReply broken;
    broken.status = found->second;
    broken.body = "body-canary";
    return broken;
  }
  return fake_.answer(call, clock_->now());
}

std::string LiveProvider::approve(std::string_view authorization_url) {
  const std::scoped_lock lock(mutex_);
  return fake_.approve(authorization_url, clock_->now());
}

void LiveProvider::hold(std::string path) {
  const std::scoped_lock lock(mutex_);
  held_ = std::move(path);
}

void LiveProvider::let_go() {
  {
    const std::scoped_lock lock(mutex_);
    held_.clear();
  }
  changed_.notify_all();
}

void LiveProvider::answer_with(std::string path, int status) {
  const std::scoped_lock lock(mutex_);
  statuses_[std::move(path)] = status;
}

bool LiveProvider::wait_for(std::string_view path, std::size_t num_requests) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] {
    const auto found = num_requests_.find(path);
    return found != num_requests_.end() && found->second >= num_requests;
  });
}

std::size_t LiveProvider::num_requests(std::string_view path) {
  const std::scoped_lock lock(mutex_);
  const auto found = num_requests_.find(path);
  return found == num_requests_.end() ? 0 : found->second;
}

Settings live_settings(const LiveProvider& provider,
                       const std::vector<std::pair<std::string, std::string>>& more) {
  Settings settings{
      {"oidc_issuer_url", provider.issuer()},
      {"client_id", "c"},
      {"client_secret", "client-secret-canary"},
      {"cookie_secret", support::cookie_secret},
      {"insecure_allow_http_provider", "true"},
      {"email_domains", "*"},
      {"store_timeout", "10s"},  // a machine that is slow is no trouble with the store
  };
  for (const auto& [key, value] : more) {
    const auto set = settings.set(key, value);
    REQUIRE_MESSAGE(set.ok(), set.error().text);
  }
  return settings;
}

Result<Decision> wait_for(Outcome<Decision> outcome) {
  if (!outcome.ok()) return std::move(outcome).error();
  if (auto* decision = std::get_if<Decision>(&*outcome)) return std::move(*decision);
  return std::get<Operation<Decision>>(*outcome).wait(std::chrono::steady_clock::now() + patience);
}

std::string location_of(const Decision& decision) {
  return support::value_of(decision.response(), "Location");
}

Outcome<Decision> Browser::ask(std::string_view target, std::vector<HeaderView> more) const {
  const auto cookie = cookie_header();
  std::vector<HeaderView> headers = {{"Host", "app.example"}};
  if (!cookie.empty()) headers.push_back({"Cookie", cookie});
  headers.insert(headers.end(), more.begin(), more.end());
  RequestView view;
  view.method = "GET";
  view.scheme = "https";
  view.host = "app.example";
  view.target = target;
  view.peer = "203.0.113.7";
  view.headers = headers;
  return engine_->decide(view);
}

Decision Browser::get(std::string_view target, std::vector<HeaderView> more) {
  auto result = wait_for(ask(target, std::move(more)));
  REQUIRE_MESSAGE(result.ok(), result.error().text);
  return keep(std::move(result).value());
}

Decision Browser::set(std::string_view name, std::string_view value) {
  const auto cookie = cookie_header();
  const std::vector<HeaderView> headers = {{"Host", "app.example"}, {"Cookie", cookie}};
  RequestView view;
  view.method = "GET";
  view.scheme = "https";
  view.host = "app.example";
  view.target = "/page";
  view.peer = "203.0.113.7";
  view.headers = headers;
  auto result = wait_for(engine_->set_session_data(view, name, value));
  REQUIRE_MESSAGE(result.ok(), result.error().text);
  return keep(std::move(result).value());
}

Decision Browser::keep(Decision decision) {
  for (const auto& cookie : support::values_of(decision.response(), "Set-Cookie")) {
    const auto equals = cookie.find('=');
    const auto name = cookie.substr(0, equals);
    if (cookie.find("Max-Age=0") != std::string::npos) {
      cookies.erase(name);
    } else {
      cookies[name] = cookie.substr(equals + 1, cookie.find(';') - equals - 1);
    }
  }
  return decision;
}

std::string Browser::cookie_header() const {
  std::string header;
  for (const auto& [name, value] : cookies) {
    if (!header.empty()) header += "; ";
    header += name + "=" + value;
  }
  return header;
}

Decision Browser::sign_in(LiveProvider& provider, std::string_view target) {
  const auto start = get(target);
  REQUIRE(start.reason() == Reason::login_started);
  return get("/oauth2/callback?" + provider.approve(location_of(start)));
}

}  // namespace gatelet::engine
