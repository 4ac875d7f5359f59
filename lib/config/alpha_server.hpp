// What an alpha configuration says to the server around the library, and to its upstreams: read as
// strictly as the rest, and used by a host that is such a server.
#pragma once

#include <vector>

#include <gatelet/settings.hpp>

#include "config/fields.hpp"

namespace gatelet::config {

// The fields server, metricsServer and upstreamConfig (alpha.hpp, Alpha::server).
std::vector<Settings::Entry> read_alpha_server(Fields& root, const Settings& settings);

}  // namespace gatelet::config
