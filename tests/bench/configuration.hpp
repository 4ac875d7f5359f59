// The largest configuration, as files: 10 providers with every option that goes with the others,
// 200 routes, 50 header rules on either side.
#pragma once

#include <string>

namespace gatelet::bench {

std::string largest_toml();  // everything
std::string core_toml();     // what an alpha configuration leaves to it
std::string largest_yaml();  // the rest of it, as an alpha configuration

}  // namespace gatelet::bench
