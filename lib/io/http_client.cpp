#include "io/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <climits>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http/header.hpp"
#include "io/attempt.hpp"
#include "io/connection_share.hpp"
#include "io/http_transfer.hpp"
#include "io/peer_rule.hpp"
#include "io/system.hpp"

namespace gatelet::io {
namespace {

bool is_sound(const HttpCall& call) {
  return http::is_token(call.method) &&
         std::all_of(call.fields.begin(), call.fields.end(), [](const HttpField& field) {
           return http::is_token(field.name) && http::is_safe_value(field.value);
         });
}

struct Call {
  Call(HttpClient::Id i, HttpCall call, PeerRule rule)
      : id(i), origin(rule.url().origin()), transfer(std::move(call), std::move(rule)) {
    finished.push_back({id, Error{}});
  }

  const HttpClient::Id id;
  const std::string origin;
  bool was_admitted = false;                 // holds a connection of its origin
  std::list<HttpClient::Finished> finished;  // one, so that the end needs no memory
  HttpTransfer transfer;
};

}  // namespace

struct HttpClient::Impl {
  Impl(HttpClientSettings s, CURLM* m) : settings(s), multi(m), share(s.max_connections) {}
  ~Impl() {
    for (auto& [id, call] : calls) {
      if (call->transfer.easy) curl_multi_remove_handle(multi, call->transfer.easy.get());
    }
    calls.clear();
    const SignalTurn turn;
    curl_multi_cleanup(multi);
    curl_global_cleanup();
  }

  void admit();  // sends the waiting calls that may have a connection
  Result<void> send(Call& call);
  void finish(Call& call, Result<HttpReply> reply);
  void remove(Id id);

  const HttpClientSettings settings;
  CURLM* const multi;
  std::map<Id, std::unique_ptr<Call>> calls;
  ConnectionShare share;
  std::list<Finished> finished;
  std::vector<curl_waitfd> sockets;
};

void HttpClient::Impl::admit() {
  while (const auto id = share.next()) {
    auto& call = *calls.at(*id);
    if (auto sent = send(call); !sent.ok()) finish(call, std::move(sent).error());
  }
}

Result<void> HttpClient::Impl::send(Call& call) {
  call.was_admitted = true;
  if (auto prepared = call.transfer.prepare(settings.idle_limit); !prepared.ok()) return prepared;
  auto* easy = call.transfer.easy.get();
  if (curl_easy_setopt(easy, CURLOPT_PRIVATE, &call) != CURLE_OK ||
      curl_multi_add_handle(multi, easy) != CURLM_OK) {
    return Error{Status::internal, "libcurl refused a call"};
  }
  return {};
}

void HttpClient::Impl::finish(Call& call, Result<HttpReply> reply) {
  call.finished.front().reply = std::move(reply);
  finished.splice(finished.end(), call.finished);
  remove(call.id);
}

void HttpClient::Impl::remove(Id id) {
  const auto place = calls.find(id);
  if (place == calls.end()) return;
  const auto& call = *place->second;
  if (!call.was_admitted) {
    share.withdraw(id, call.origin);
  } else {
    auto* easy = call.transfer.easy.get();
    if (easy) curl_multi_remove_handle(multi, easy);
    share.release(call.origin);
  }
  calls.erase(place);
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpClientSettings settings) {
  const auto* libcurl = curl_version_info(CURLVERSION_NOW);
  // Guarded and counted by libcurl itself where it is built thread-safe; without that two engines
  // could not start side by side.
  if (!(libcurl->features & CURL_VERSION_THREADSAFE)) {
    return Error{Status::internal, "libcurl is not built thread-safe"};
  }
  if (!(libcurl->features & CURL_VERSION_ASYNCHDNS)) {
    return Error{Status::internal, "libcurl is built without an asynchronous resolver"};
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{Status::internal, "libcurl cannot be initialised"};
  }
  auto* multi = curl_multi_init();
  if (!multi) {
    curl_global_cleanup();
    return Error{Status::internal, "libcurl has no memory or descriptors to begin with"};
  }
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, settings.max_connections);
  return std::unique_ptr<HttpClient>(new HttpClient(std::make_unique<Impl>(settings, multi)));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

void HttpClient::start(Id id, HttpCall call) {
  auto rule = PeerRule::of(call);
  if (!rule.ok()) return impl_->finished.push_back({id, std::move(rule).error()});
  if (!is_sound(call)) {
    return impl_->finished.push_back(
        {id, Error{Status::internal, "a call has a method or a field that cannot be sent"}});
  }
  auto waiting = std::make_unique<Call>(id, std::move(call), std::move(rule).value());
  const auto place = impl_->calls.emplace(id, std::move(waiting)).first;
  try {
    impl_->share.enqueue(id, place->second->origin);
  } catch (...) {
    impl_->calls.erase(place);
    throw;
  }
  impl_->admit();
}

void HttpClient::cancel(Id id) {
  impl_->finished.remove_if([id](const Finished& one) { return one.id == id; });
  impl_->remove(id);
  impl_->admit();
}

void HttpClient::wait(Duration at_most, std::span<SocketWait> others) {
  if (!impl_->finished.empty()) return;
  const auto limit = std::chrono::milliseconds(INT_MAX);
  const auto time = at_most > limit ? limit : std::chrono::ceil<std::chrono::milliseconds>(at_most);
  auto& sockets = impl_->sockets;
  sockets.clear();
  for (const auto& other : others) {
    const int events =
        (other.for_read ? CURL_WAIT_POLLIN : 0) | (other.for_write ? CURL_WAIT_POLLOUT : 0);
    sockets.push_back({other.fd, static_cast<short>(events), 0});
  }
  curl_multi_poll(impl_->multi, sockets.data(), static_cast<unsigned>(sockets.size()),
                  static_cast<int>(time.count()), nullptr);
  for (std::size_t i = 0; i < others.size(); ++i) others[i].is_ready = sockets[i].revents != 0;
}

void HttpClient::wake() noexcept { curl_multi_wakeup(impl_->multi); }

void HttpClient::perform() {
  int num_running = 0;
  curl_multi_perform(impl_->multi, &num_running);
  int num_left = 0;
  while (const auto* message = curl_multi_info_read(impl_->multi, &num_left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto code = message->data.result;
    Call* call = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    Result<HttpReply> reply = Error{};
    // libcurl tells of it once: what cannot be read for want of memory has failed.
    const auto problem = attempt([&] { reply = call->transfer.result(code); });
    if (problem) reply = *problem;
    impl_->finish(*call, std::move(reply));
  }
  impl_->admit();
}

std::optional<HttpClient::Finished> HttpClient::take_finished() {
  if (impl_->finished.empty()) return std::nullopt;
  auto first = std::move(impl_->finished.front());
  impl_->finished.pop_front();
  return first;
}

}  // namespace gatelet::io
