// A Store keeps sealed records outside the browser, and locks, for all processes that share it.
//
// It belongs to whoever turns the loop and is used there only. It never blocks: what takes time is
// begun, and goes on when serve() is called. An error is Status::store_unreachable, or
// too_many_operations; its text says what is wrong, without a record, a key or a password in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/store.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/effect.hpp"
#include "http/redis_url.hpp"
#include "io/socket_wait.hpp"

namespace gatelet::io {

class Store {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(Result<flow::StoreReply>)>;

  virtual ~Store() = default;

  // Begins the call. `done` is called once, inside this call or in a later serve(), unless the call
  // is forgotten before. `id` is the caller's; one call an id.
  virtual void start(Id id, flow::StoreCall call, Done done) = 0;

  // Nobody waits for the answer any longer. What was to be written may be written all the same.
  virtual void forget(Id id) = 0;

  // For stores with sockets: those to wait for, when to be served at the latest, and their turn.
  // `waits` are the store's own, in the order it added them.
  virtual void add_waits(std::vector<SocketWait>&) {}
  virtual std::optional<Deadline> next_deadline() const { return std::nullopt; }
  virtual void serve(std::span<const SocketWait>, Deadline /*now*/) {}
};

struct RedisSettings {
  http::RedisUrl url;                 // redis_connection_url, with what other options say put in
  std::string ca_pem;                 // what redis_ca_path holds; beside the system's authorities
  bool insecure_skip_verify = false;  // redis_insecure_skip_tls_verify
  Duration idle_limit{};              // redis_connection_idle_timeout; 0: none
};

// Which store, and how; plain settings.
struct StoreSettings {
  enum class Kind : std::uint8_t { none, memory, redis, host };
  Kind kind = Kind::none;
  Duration timeout{std::chrono::milliseconds(500)};  // store_timeout: of one call
  std::size_t max_records = 100'000;                 // session_memory_limit
  RedisSettings redis{};
  std::shared_ptr<SessionStore> host{};
};

// Null for Kind::none. Opens nothing yet.
//   Failure: Status::not_built for a store this build lacks; the text names the build option.
//   Status::invalid_configuration, as the store says.
Result<std::unique_ptr<Store>> make_store(const StoreSettings& settings,
                                          std::shared_ptr<const Clock> clock);

}  // namespace gatelet::io
