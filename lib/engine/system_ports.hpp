// The ports an engine uses where the host gave none: the system's clock, random source and files.
#pragma once

#include <gatelet/ports.hpp>

namespace gatelet::engine {

// Puts the system's port wherever `ports` has none.
void fill_missing(Ports& ports);

}  // namespace gatelet::engine
