#include "io/store.hpp"

#include <tuple>
#include <utility>

#include "io/host_store.hpp"
#include "io/memory_store.hpp"
#include "io/tls_client_certificate.hpp"
#include "io/tls_session.hpp"
#ifdef GATELET_HAVE_REDIS
#include "io/redis_store.hpp"
#endif

namespace gatelet::io {
namespace {

Result<std::unique_ptr<Store>> make_redis_store([[maybe_unused]] const StoreSettings& settings,
                                                [[maybe_unused]] StoreWatcher* watcher) {
#ifdef GATELET_HAVE_REDIS
  auto made = RedisStore::create(settings.redis, settings.timeout);
  if (!made.ok()) return std::move(made).error();
  if (watcher && settings.max_staleness > Duration::zero()) {
    (*made)->tell({{settings.key_prefix}, settings.max_staleness}, *watcher);
  }
  return std::unique_ptr<Store>(std::move(made).value());
#else
  return Error{Status::not_built,
               "this build keeps no sessions in Redis: it was made without hiredis (build option "
               "redis)"};
#endif
}

}  // namespace

bool operator==(const RedisSettings& a, const RedisSettings& b) {
  const auto rest_of = [](const RedisSettings& one) {
    return std::tie(one.topology, one.urls, one.sentinel_master_name, one.sentinel_password,
                    one.ca_pem, one.insecure_skip_verify, one.idle_limit);
  };
  const bool is_same_client = a.client && b.client ? *a.client == *b.client : a.client == b.client;
  return is_same_client && rest_of(a) == rest_of(b);
}

Result<std::shared_ptr<const TlsServer>> redis_tls(const RedisSettings& settings) {
  const auto& url = settings.urls.front();
  if (!url.is_tls) return std::shared_ptr<const TlsServer>();
  if (!url.path.empty()) {
    return Error{Status::invalid_configuration, "a Redis server behind a socket's path has no TLS"};
  }
  TlsServer::Terms terms;
  terms.host = url.host;
  terms.ca_pem = settings.ca_pem;
  terms.insecure_skip_verify = settings.insecure_skip_verify || url.skip_verify;
  terms.ca_option = "redis_ca_path";
  terms.client = settings.client;
  terms.client_option = "redis_client_certificate_path";
  return TlsServer::create(std::move(terms));
}

Duration age_of(Deadline moment) noexcept { return std::chrono::steady_clock::now() - moment; }

Result<std::unique_ptr<Store>> make_store(const StoreSettings& settings,
                                          std::shared_ptr<const Clock> clock,
                                          StoreWatcher* watcher) {
  switch (settings.kind) {
    case StoreSettings::Kind::none: return std::unique_ptr<Store>();
    case StoreSettings::Kind::memory:
      return std::unique_ptr<Store>(
          std::make_unique<MemoryStore>(settings.max_records, std::move(clock), watcher));
    case StoreSettings::Kind::redis: return make_redis_store(settings, watcher);
    case StoreSettings::Kind::host:
      return std::unique_ptr<Store>(std::make_unique<HostStore>(settings.host));
  }
  unreachable();
}

}  // namespace gatelet::io
