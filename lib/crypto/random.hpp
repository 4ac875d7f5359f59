// Random bytes from the operating system, behind the Entropy port.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <gatelet/ports.hpp>

#include "base/result.hpp"

namespace gatelet::crypto {

// OpenSSL's generator, seeded by the system. Failure of fill: Status::no_entropy.
std::shared_ptr<Entropy> system_entropy();

// `size` random bytes.
Result<std::string> random_bytes(Entropy&, std::size_t size);

}  // namespace gatelet::crypto
