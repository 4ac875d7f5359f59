// Watches authenticated_emails_file: what is written there counts within about a second.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "engine/events.hpp"
#include "engine/snapshot.hpp"
#include "io/driver.hpp"

namespace gatelet::engine {

// The driver's loop looks at the file once a second. A file that is gone, or cannot be read, leaves
// the last good list in place, and an event.
class EmailsWatch {
 public:
  // `snapshots`, `events` and `driver` must outlive the watch, or the driver be stopped before it
  // ends.
  EmailsWatch(SnapshotBox& snapshots, std::shared_ptr<Files> files, Events& events,
              io::Driver& driver);

  // Begins, once; starts the driver. Blocking: never.
  void begin();

  // One look, on the loop.
  void look();

 private:
  void look_later();
  void note(const std::string& trouble);

  SnapshotBox& snapshots_;
  const std::shared_ptr<Files> files_;
  Events& events_;
  io::Driver& driver_;
  std::atomic<bool> has_begun_{false};
  // Of the loop:
  std::uint64_t generation_ = 0;        // of the settings it was read for; they begin with 1
  std::string stamp_;                   // of what was last read
  std::optional<std::string> content_;  // what was last read and taken; absent: nothing yet
  std::string trouble_;                 // what was last told
};

}  // namespace gatelet::engine
