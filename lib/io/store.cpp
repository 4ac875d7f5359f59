#include "io/store.hpp"

#include <utility>

#include "io/memory_store.hpp"

namespace gatelet::io {

std::unique_ptr<Store> make_store(const StoreSettings& settings,
                                  std::shared_ptr<const Clock> clock) {
  switch (settings.kind) {
    case StoreSettings::Kind::none: return nullptr;
    case StoreSettings::Kind::memory:
      return std::make_unique<MemoryStore>(settings.max_records, std::move(clock));
  }
  unreachable();
}

}  // namespace gatelet::io
