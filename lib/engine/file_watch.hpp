// Watches the files that are edited while the engine runs, authenticated_emails_file and
// htpasswd_file: what is written there counts within about a second.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "engine/events.hpp"
#include "engine/snapshot.hpp"
#include "io/driver.hpp"

namespace gatelet::engine {

// A file by the option that names it, and what its content becomes.
struct WatchedFile {
  std::string_view option;
  std::string Snapshot::*path;  // empty: not set
  std::size_t max_size;
  // Makes the content count for this generation of settings.
  //   Failure: it cannot be read; the text says where, not what stands there.
  Result<void> (*take)(SnapshotBox&, std::uint64_t generation, const std::string& content);
};

// The driver's loop looks at each file once a second. One that is gone, or cannot be read, leaves
// the last good content in place, and an event.
class FileWatch {
 public:
  // `snapshots`, `events` and `driver` must outlive the watch, or the driver be stopped before it
  // ends.
  FileWatch(SnapshotBox& snapshots, std::shared_ptr<Files> files, Events& events,
            io::Driver& driver);

  // Begins, once; starts the driver. Blocking: never.
  void begin();

  // One look at each file, on the loop.
  void look();

 private:
  // One file, and what is known of it. Of the loop.
  struct Watch {
    const WatchedFile* file = nullptr;
    std::uint64_t generation = 0;        // of the settings it was read for; they begin with 1
    std::string stamp;                   // of what was last read
    std::optional<std::string> content;  // what was last read and taken; absent: nothing yet
    std::string trouble;                 // what was last told
  };

  void look_later();
  void look_at(Watch& watch, const Snapshot& snapshot);
  void note(Watch& watch, const std::string& trouble);

  SnapshotBox& snapshots_;
  const std::shared_ptr<Files> files_;
  Events& events_;
  io::Driver& driver_;
  std::atomic<bool> has_begun_{false};
  std::array<Watch, 2> watches_;
};

}  // namespace gatelet::engine
