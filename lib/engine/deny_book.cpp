#include "engine/deny_book.hpp"

#include <algorithm>
#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::engine {

DenyBook::Shared DenyBook::together() const noexcept {
  const std::scoped_lock lock(mutex_);
  return together_;
}

bool DenyBook::covers(const session::Session& session) const noexcept {
  if (is_empty_.load(std::memory_order_relaxed)) return false;
  return together()->covers(session);
}

bool DenyBook::covers(const session::Session& session,
                      const session::Session* newer) const noexcept {
  if (!covers(session)) return false;
  return newer == nullptr || !together()->keeps(*newer);
}

Result<void> DenyBook::add(session::Denial denial, Instant now) {
  const std::scoped_lock lock(changing_);
  auto added = own_.with({std::move(denial)}, session::to_timestamp(now));
  if (!added.ok()) return std::move(added).error();
  own_ = std::move(added).value();
  put_together();
  return {};
}

std::vector<session::Denial> DenyBook::take(const Shared& stored,
                                            std::optional<std::uint64_t> changes,
                                            Duration current_until, Instant now) {
  const std::scoped_lock lock(changing_);
  auto lost = stored_->beyond(*stored, session::to_timestamp(now));
  stored_ =
      lost.empty()
          ? stored
          : std::make_shared<const session::DenyList>(stored->merged(session::DenyList(lost)));
  put_together();
  if (changes == changes_.load(std::memory_order_acquire)) {
    is_taken_ = true;
    current_until_ = std::max(current_until, extended_until_);
  }
  return lost;
}

void DenyBook::note_stored(const session::Denial& denial) {
  const std::scoped_lock lock(changing_);
  stored_ = std::make_shared<const session::DenyList>(stored_->merged(session::DenyList({denial})));
  put_together();
}

void DenyBook::doubt() noexcept {
  const std::scoped_lock lock(changing_);
  changes_.fetch_add(1, std::memory_order_acq_rel);
  is_taken_ = false;
  current_until_ = Duration::min();
}

void DenyBook::extend(Duration current_until) noexcept {
  const std::scoped_lock lock(changing_);
  extended_until_ = current_until;
  if (is_taken_) current_until_ = std::max(current_until_.load(), current_until);
}

void DenyBook::put_together() {
  auto both = std::make_shared<const session::DenyList>(own_.merged(*stored_));
  const bool is_empty = both->empty();
  {
    const std::scoped_lock lock(mutex_);
    together_.swap(both);  // the old one goes without the lock
  }
  is_empty_.store(is_empty, std::memory_order_relaxed);
}

}  // namespace gatelet::engine
