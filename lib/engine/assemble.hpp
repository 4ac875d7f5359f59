// From settings to what an engine starts with: files read through the port, keys prepared, the
// first snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/settings.hpp>

#include "base/result.hpp"
#include "config/warnings.hpp"
#include "engine/snapshot.hpp"
#include "io/driver.hpp"

namespace gatelet::engine {

struct Assembled {
  std::shared_ptr<const Snapshot> snapshot;
  std::size_t session_cache_size = 0;
  io::DriverSettings driver;
  std::vector<std::string> warnings;  // one for each insecure setting that is on
  std::vector<config::Notice> notices;
};

//   Blocking: reads the files the settings name.
//   Failure:  Status::invalid_configuration, the text lists every problem, one a line.
Result<Assembled> assemble(const Settings& settings, const Ports& ports, std::uint64_t generation);

// `next` with what `before` knows of providers whose settings did not change: a reload forgets no
// keys.
std::shared_ptr<const Snapshot> keep_known_providers(const Snapshot& before, const Snapshot& next);

}  // namespace gatelet::engine
