// The system behind the ports: its clock, its files, whether this process was forked, and what of
// it only one may touch at a time.
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

// A socket, and a pipe, that no program inherits which another thread starts meanwhile, as far as
// the system can do that. -1, and false: errno says why.
int open_socket(int family, int type, int protocol) noexcept;
bool open_pipe(int (&ends)[2]) noexcept;

// One thread of the process at a time, while this lives. A child made by fork finds it free if
// forks are watched.
//
// For the end of libcurl's handles: it ignores SIGPIPE for that, then puts back what it found. Two
// at once, and the one finds, and leaves behind, what the other had set.
class SignalTurn {
 public:
  SignalTurn() noexcept;
  SignalTurn(const SignalTurn&) = delete;
  SignalTurn& operator=(const SignalTurn&) = delete;
  ~SignalTurn();
};

}  // namespace gatelet::io
