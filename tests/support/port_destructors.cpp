// The ports' destructors for tests of layers below the one that defines them.
#include <gatelet/ports.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

Clock::~Clock() = default;
Entropy::~Entropy() = default;
Files::~Files() = default;
std::string Files::stamp(std::string_view) { return {}; }

}  // namespace gatelet::inline GATELET_CXX_ABI
