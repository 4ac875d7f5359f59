#include "io/store.hpp"

#include <utility>

#include "io/host_store.hpp"
#include "io/memory_store.hpp"
#ifdef GATELET_HAVE_REDIS
#include "io/redis_store.hpp"
#endif

namespace gatelet::io {
namespace {

Result<std::unique_ptr<Store>> make_redis_store([[maybe_unused]] const StoreSettings& settings) {
#ifdef GATELET_HAVE_REDIS
  auto made = RedisStore::create(settings.redis, settings.timeout);
  if (!made.ok()) return std::move(made).error();
  return std::unique_ptr<Store>(std::move(made).value());
#else
  return Error{Status::not_built,
               "this build keeps no sessions in Redis: it was made without hiredis (build option "
               "redis)"};
#endif
}

}  // namespace

Result<std::unique_ptr<Store>> make_store(const StoreSettings& settings,
                                          std::shared_ptr<const Clock> clock) {
  switch (settings.kind) {
    case StoreSettings::Kind::none: return std::unique_ptr<Store>();
    case StoreSettings::Kind::memory:
      return std::unique_ptr<Store>(
          std::make_unique<MemoryStore>(settings.max_records, std::move(clock)));
    case StoreSettings::Kind::redis: return make_redis_store(settings);
    case StoreSettings::Kind::host:
      return std::unique_ptr<Store>(std::make_unique<HostStore>(settings.host));
  }
  unreachable();
}

}  // namespace gatelet::io
