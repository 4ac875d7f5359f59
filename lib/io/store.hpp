// A Store keeps sealed records outside the browser, and locks, for all processes that share it.
//
// It belongs to whoever turns the loop and is used there only. It never blocks: what takes time is
// begun, and goes on when serve() is called. An error is Status::store_unreachable,
// too_many_operations, or session_too_large where a record is above 1 MiB, or would be; its text
// says what is wrong, without a record, a key or a password in it.
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
#include "base/secret.hpp"
#include "flow/effect.hpp"
#include "http/redis_url.hpp"
#include "io/socket_wait.hpp"
#include "io/tls_client_certificate.hpp"

namespace gatelet::io {

class TlsServer;

// Hears of changes in a store, whoever makes them. Called on the loop; by a store that is made on
// another thread also there, before any call.
class StoreWatcher {
 public:
  virtual ~StoreWatcher() = default;

  // What is under these keys was written or deleted, or has expired. Not all of them are records,
  // and the own changes of this process are among them.
  virtual void changed(std::span<const std::string> keys) = 0;

  // Anything may have changed: what was read before is not to be believed.
  virtual void changed_all() = 0;

  // Every change made before this moment has been told. Deadline::max(): each is told as it is
  // made. Deadline::min(): changes are not known at present.
  virtual void told_until(Deadline moment) = 0;

  // The store refuses to tell. Said once; it is tried again now and then.
  virtual void will_not_tell(const Error& why) = 0;
};

// How long ago a moment was that told_until() named.
Duration age_of(Deadline moment) noexcept;

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
  enum class Topology : std::uint8_t { standalone, sentinel, cluster };
  Topology topology = Topology::standalone;
  // The server, the Sentinels, or some servers of the cluster, with what other options say put in.
  // User, password and TLS are the same in all; a Sentinel's are those of the primary.
  std::vector<http::RedisUrl> urls{};
  std::string sentinel_master_name{};
  Secret sentinel_password{};
  std::string ca_pem{};  // what redis_ca_path holds; beside the system's authorities
  std::shared_ptr<const TlsClientCertificate> client{};  // shown to a server that asks; or null
  bool insecure_skip_verify = false;                     // redis_insecure_skip_tls_verify
  Duration idle_limit{};                                 // redis_connection_idle_timeout; 0: none
  std::shared_ptr<const TlsServer> tls{};                // redis_tls() of all this; null: not made

  friend bool operator==(const RedisSettings& a, const RedisSettings& b);
};

// What TLS to these servers is made of; null: they are spoken to in the clear. Reads the system's
// authorities, so it is made before anybody decides.
//   Blocking: reads files.
//   Failure: Status::invalid_configuration, naming redis_ca_path where that is it; out_of_memory.
Result<std::shared_ptr<const TlsServer>> redis_tls(const RedisSettings& settings);

// Which store, and how; plain settings.
struct StoreSettings {
  enum class Kind : std::uint8_t { none, memory, redis, host };
  Kind kind = Kind::none;
  Duration timeout{std::chrono::milliseconds(500)};  // store_timeout: of one call
  std::size_t max_records = 100'000;                 // session_memory_limit
  RedisSettings redis{};
  std::shared_ptr<SessionStore> host{};

  // What a StoreWatcher is told of: keys that begin so. A change is told within `max_staleness`, or
  // told_until() says that it may not have been; 0: nothing is told.
  std::string key_prefix{};
  Duration max_staleness{};

  friend bool operator==(const StoreSettings&, const StoreSettings&) = default;
};

// Null for Kind::none. Opens nothing yet.
// `watcher`, null or longer-lived than the store, hears of changes.
//   Failure: Status::not_built for a store this build lacks; the text names the build option.
//   Status::invalid_configuration, as the store says.
Result<std::unique_ptr<Store>> make_store(const StoreSettings& settings,
                                          std::shared_ptr<const Clock> clock,
                                          StoreWatcher* watcher = nullptr);

}  // namespace gatelet::io
