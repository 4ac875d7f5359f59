// The ports' destructors for tests of layers below the one that defines them.
#include <gatelet/ports.hpp>
#include <gatelet/store.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

Clock::~Clock() = default;
Duration Clock::utc_offset(Instant) const noexcept { return {}; }
Entropy::~Entropy() = default;
Files::~Files() = default;
std::string Files::stamp(std::string_view) { return {}; }
SessionStore::~SessionStore() = default;

}  // namespace gatelet::inline GATELET_CXX_ABI
