#include "engine/file_watch.hpp"

#include <utility>

#include "io/attempt.hpp"
#include "policy/email_list.hpp"
#include "policy/htpasswd.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration interval = 1s;

Result<void> take_emails(SnapshotBox& snapshots, std::uint64_t generation,
                         const std::string& content) {
  auto list = policy::EmailList::parse(content);
  if (!list.ok()) return std::move(list).error();
  auto shared = std::make_shared<const policy::EmailList>(std::move(list).value());
  snapshots.update_policy(generation,
                          [&](policy::Policy& policy) { policy.email.addresses = shared; });
  return {};
}

Result<void> take_users(SnapshotBox& snapshots, std::uint64_t generation,
                        const std::string& content) {
  auto users = policy::Htpasswd::parse(content);
  if (!users.ok()) return std::move(users).error();
  auto shared = std::make_shared<const policy::Htpasswd>(std::move(users).value());
  snapshots.update_policy(generation,
                          [&](policy::Policy& policy) { policy.password.users = shared; });
  return {};
}

constexpr std::array<WatchedFile, 2> watched = {{
    {"authenticated_emails_file", &Snapshot::emails_file, max_emails_file_size, take_emails},
    {"htpasswd_file", &Snapshot::htpasswd_file, max_htpasswd_file_size, take_users},
}};

}  // namespace

FileWatch::FileWatch(SnapshotBox& snapshots, std::shared_ptr<Files> files, Events& events,
                     io::Driver& driver)
    : snapshots_(snapshots), files_(std::move(files)), events_(events), driver_(driver) {
  for (std::size_t i = 0; i < watched.size(); ++i) watches_[i].file = &watched[i];
}

void FileWatch::begin() {
  if (has_begun_.load(std::memory_order_relaxed) || has_begun_.exchange(true)) return;
  look_later();
}

// Where the next look cannot be had, the next request begins again.
void FileWatch::look_later() {
  bool is_due = false;
  const auto look_then = [this](Instant) {
    (void)io::attempt([this] { look(); });
    look_later();
  };
  (void)io::attempt([&] { is_due = driver_.start().ok() && driver_.after(interval, look_then); });
  if (!is_due) has_begun_ = false;
}

void FileWatch::look() {
  const auto snapshot = snapshots_.load();
  for (auto& watch : watches_) {
    // A port that throws has read nothing.
    const auto problem = io::attempt([&] { look_at(watch, *snapshot); });
    if (problem) note(watch, "cannot be read: " + problem->text);
  }
}

void FileWatch::look_at(Watch& watch, const Snapshot& snapshot) {
  const auto& path = snapshot.*watch.file->path;
  if (path.empty()) return;
  // New settings come with a content of their own, and it may be older than what was seen here.
  const bool is_new = std::exchange(watch.generation, snapshot.generation) != snapshot.generation;
  if (is_new) {
    watch.content.reset();
    watch.stamp.clear();
  }
  const auto stamp = files_->stamp(path);
  if (!stamp.empty() && stamp == watch.stamp) return;

  auto content = files_->read(path, watch.file->max_size);
  if (!content.ok()) return note(watch, "cannot be read: " + content.error().text);
  if (*content != watch.content) {
    const auto taken = watch.file->take(snapshots_, snapshot.generation, *content);
    if (!taken.ok()) return note(watch, taken.error().text);
    watch.content = std::move(content).value();
    watch.trouble.clear();
  }
  watch.stamp = stamp;
}

// Told once, not every second.
void FileWatch::note(Watch& watch, const std::string& trouble) {
  watch.stamp.clear();
  if (watch.trouble == trouble) return;
  watch.trouble = trouble;
  events_.keep(Event::Level::warning, "file-kept",
               std::string(watch.file->option) + " " + trouble + "; what was read before counts",
               {});
}

}  // namespace gatelet::engine
