#include "io/inbox.hpp"

#include <algorithm>
#include <utility>

#include "io/attempt.hpp"
#include "io/http_client.hpp"

namespace gatelet::io {
namespace {

bool is_new_work(const Item& item) {
  return std::holds_alternative<Submission>(item) || std::holds_alternative<DelayedWork>(item);
}

}  // namespace

std::optional<Item> Inbox::push(Item item) {
  const std::scoped_lock lock(mutex_);
  if (accepts_ == Accepts::nothing) return item;
  if (accepts_ == Accepts::answers && is_new_work(item)) return item;
  // Without room it stays whole.
  if (attempt([&] { items_.push_back(std::move(item)); })) return item;
  if (loop_ && items_.size() == 1) loop_->wake();
  return std::nullopt;
}

std::vector<Item> Inbox::take() {
  constexpr std::size_t kept_room = 64;
  const std::scoped_lock lock(mutex_);
  std::vector<Item> next;
  next.reserve(std::min(items_.size(), kept_room));  // a round brings about as much as the last
  return std::exchange(items_, std::move(next));
}

bool Inbox::is_empty() const {
  const std::scoped_lock lock(mutex_);
  return items_.empty();
}

void Inbox::wake() noexcept {
  const std::scoped_lock lock(mutex_);
  if (loop_) loop_->wake();
}

void Inbox::open(HttpClient& loop) {
  const std::scoped_lock lock(mutex_);
  loop_ = &loop;
}

void Inbox::refuse_tasks() {
  const std::scoped_lock lock(mutex_);
  if (accepts_ == Accepts::everything) accepts_ = Accepts::answers;
}

std::vector<Item> Inbox::close() {
  const std::scoped_lock lock(mutex_);
  accepts_ = Accepts::nothing;
  loop_ = nullptr;
  return std::exchange(items_, {});
}

}  // namespace gatelet::io
