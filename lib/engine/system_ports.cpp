#include "engine/system_ports.hpp"

#include <gatelet/store.hpp>

#include "crypto/random.hpp"
#include "io/system.hpp"

namespace gatelet {

inline namespace GATELET_CXX_ABI {

Clock::~Clock() = default;
Duration Clock::utc_offset(Instant) const noexcept { return {}; }
Entropy::~Entropy() = default;
Files::~Files() = default;
std::string Files::stamp(std::string_view) { return {}; }
SessionStore::~SessionStore() = default;

Ports default_ports() {
  Ports ports;
  ports.clock = io::system_clock();
  ports.entropy = crypto::system_entropy();
  ports.files = io::system_files();
  return ports;
}

}  // namespace GATELET_CXX_ABI

namespace engine {

void fill_missing(Ports& ports) {
  auto defaults = default_ports();
  if (!ports.clock) ports.clock = std::move(defaults.clock);
  if (!ports.entropy) ports.entropy = std::move(defaults.entropy);
  if (!ports.files) ports.files = std::move(defaults.files);
}

}  // namespace engine
}  // namespace gatelet
