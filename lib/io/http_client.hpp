// The HTTP client: carries out HttpCalls, many at once, without blocking.
//
// https only unless a call's trust says otherwise, and through the proxy it names; no redirects,
// cookies or compression.
// A call that carries a grant goes out once, over a connection of its own and HTTP/1.1: libcurl
// sends a request again when a kept-alive connection turns out dead, or an HTTP/2 stream is
// refused, and neither can happen there.
//
// Used by whoever turns the loop; only wake() may be called from elsewhere. Errors are in our
// words, never the library's or the other side's:
//   Status::provider_unreachable  no name, no connection, no TLS, or cut off before an answer
//   Status::provider_bad_answer   too large, truncated, compressed, not HTTP; a URL that is refused
//   Status::timed_out             nothing came for half of the time a call has
//   Status::internal, out_of_memory
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "http/call.hpp"
#include "io/socket_wait.hpp"

namespace gatelet::io {

struct HttpClientSettings {
  long max_connections = 128;
  Duration idle_limit{std::chrono::seconds(5)};  // nothing received for so long ends a call
};

class HttpClient {
 public:
  using Id = std::uint64_t;
  struct Finished {
    Id id;
    Result<HttpReply> reply;
  };

  // Failure: Status::internal when libcurl cannot be used as it must be.
  static Result<std::unique_ptr<HttpClient>> create(HttpClientSettings settings);
  ~HttpClient();

  // Sends the call, or lets it wait for a connection. `id` is the caller's; one call an id.
  // No provider takes more connections than it leaves free: a dead one delays nobody else.
  void start(Id id, HttpCall call);

  // Forgets the call, wherever it is: it will not finish. An unknown id is ignored.
  void cancel(Id id);

  // Waits for traffic of its own or of `others`, a wake(), or the time; not at all when something
  // has finished already.
  void wait(Duration at_most, std::span<SocketWait> others = {});
  void wake() noexcept;

  void perform();
  std::optional<Finished> take_finished();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::io
