// A SessionStore is the host's own database as a place for sessions: two calls, which may block.
//
// The library asks it where session_store_type is "host"; Ports::store says which. It keeps sealed
// records that it cannot open, and the locks around them, for all processes that share it: one
// conditional write is enough for both. examples/sqlite_store is a whole one in C;
// <gatelet/unstable/store_check.hpp> tries the promises below on any other.
//
// What holds for both calls:
//   Blocking:  they may. An engine makes them on a thread of its own, one after the other, never
//              on a thread that decides. Whoever waits for one gives up after store_timeout, and
//              what the call then says is not heard. An engine that ends waits for the call under
//              way: bound its time yourself (a busy timeout, a socket's timeout), or the
//              destruction of the engine waits as long as the call does.
//   Threads:   one for each engine that was given the store. They must not call that engine.
//   Ownership: what is passed is borrowed for the call, what is returned is the library's. Keys
//              and values hold any byte; a key has up to 1 KiB, a value up to 1 MiB.
//   Failure:   any error, and any exception, means that the store cannot be reached: requests get
//              503, nobody is signed out. The error's text goes to the log; it must hold no key
//              and no value. A write that failed may have been carried out or not. A get may say
//              Status::session_too_large where there is a value above 1 MiB, which gatelet never
//              wrote: that is nobody's session, as if it had been returned.
//
// The first call comes when the first session is looked for, so after a host has forked its
// workers: open there what must not cross a fork.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gatelet/ports.hpp>
#include <gatelet/result.hpp>
#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

class GATELET_API SessionStore {
 public:
  virtual ~SessionStore();

  // What must be under the key for a write to be carried out. A value whose lifetime has passed is
  // not there. The numbers are those of the C API.
  enum class Condition : std::uint8_t {
    always = 0,
    nothing_there = 1,    // also not an empty value
    something_there = 2,  // whatever it is
    same_there = 3,       // `expected`, byte for byte
  };

  struct Write {
    std::string_view key;
    Condition condition = Condition::always;
    std::string_view expected = {};         // of same_there
    std::optional<std::string_view> value;  // what is there from now on; absent: nothing
    Duration lifetime{};  // how long, from now; zero: for good. To the millisecond, not shorter
  };

  // The value under `key`: what the last write to it left, whoever made it. Absent: there is none,
  // or its lifetime has passed.
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;

  // Looks whether the condition holds, and if so writes, as one step: no get sees half of it, and
  // no write of another thread or process comes between. False: it did not hold, and nothing has
  // changed. To write nothing where nothing is holds as well.
  virtual Result<bool> write(const Write& write) = 0;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
