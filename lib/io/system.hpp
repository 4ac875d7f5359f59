// The system behind the ports: its clock, its files, and whether this process was forked.
#pragma once

#include <cstdint>
#include <memory>

#include <gatelet/ports.hpp>

namespace gatelet::io {

// Wall clock and steady clock of the system.
std::shared_ptr<const Clock> system_clock();

// Regular files, followed through symbolic links.
std::shared_ptr<Files> system_files();

// Counts forks from now on, once for the whole process. False when the system has no memory for it.
bool watch_forks() noexcept;

// How many forks lie between the process that first called watch_forks() and this one.
std::uint64_t num_forks() noexcept;

}  // namespace gatelet::io
