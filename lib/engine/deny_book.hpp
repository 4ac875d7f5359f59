// What this process knows of the deny list (session/deny_list.hpp): what was denied here, and what
// the store said last.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "session/deny_list.hpp"

namespace gatelet::engine {

// Threads: any.
class DenyBook {
 public:
  using Shared = std::shared_ptr<const session::DenyList>;

  // The session is over. One relaxed load while nobody is denied; allocates nothing.
  bool covers(const session::Session& session) const noexcept;

  // The same of one that was renewed to `newer`, where that is known: whoever ended all the others
  // kept it as it is now, and its old cookies lead to it.
  bool covers(const session::Session& session, const session::Session* newer) const noexcept;

  // In this process, at once and whatever a store says later.
  //   Failure: as session::DenyList::with.
  Result<void> add(session::Denial denial, Instant now);

  // Whether what the store has is known well enough; without a store nobody asks.
  bool is_current(Duration steady_now) const noexcept {
    return steady_now < current_until_.load(std::memory_order_acquire);  // before covers()
  }

  // A number to read before the store is asked, and to give with the answer: what somebody changed
  // meanwhile is not believed to be current.
  std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_acquire); }
  // A store loses nothing, unless somebody empties it: what it had before counts on, and is
  // returned, for it to be told again. Without a number the list counts, and is not current: it was
  // asked for under settings that were replaced meanwhile.
  std::vector<session::Denial> take(const Shared& stored, std::optional<std::uint64_t> changes,
                                    Duration current_until, Instant now);

  // The store has taken it: it must not lose it.
  void note_stored(const session::Denial& denial);

  // The list in the store has changed, or may have.
  void doubt() noexcept;

  // What was taken, or is taken later, is current until then at least, unless it is doubted after
  // that: the store tells of changes, and told of none.
  void extend(Duration current_until) noexcept;

 private:
  void put_together();

  Shared together() const noexcept;

  std::atomic<bool> is_empty_{true};
  std::atomic<Duration> current_until_{Duration::min()};
  std::atomic<std::uint64_t> changes_{0};
  std::mutex changing_;                        // thousands of denials are put together under it
  bool is_taken_ = false;                      // since the last doubt; guarded by changing_
  Duration extended_until_ = Duration::min();  // guarded by changing_
  session::DenyList own_;                      // guarded by changing_
  Shared stored_ = std::make_shared<const session::DenyList>();  // guarded by changing_
  mutable std::mutex mutex_;  // held to copy or exchange the pointer, while requests are decided
  Shared together_ = std::make_shared<const session::DenyList>();  // guarded by mutex_
};

}  // namespace gatelet::engine
