#include "engine/emails_watch.hpp"

#include <utility>

#include "policy/email_list.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration interval = 1s;

}  // namespace

EmailsWatch::EmailsWatch(SnapshotBox& snapshots, std::shared_ptr<Files> files, Events& events,
                         io::Driver& driver)
    : snapshots_(snapshots), files_(std::move(files)), events_(events), driver_(driver) {}

void EmailsWatch::begin() {
  if (has_begun_.load(std::memory_order_relaxed) || has_begun_.exchange(true)) return;
  if (driver_.start().ok()) return look_later();
  has_begun_ = false;  // the next request tries again
}

void EmailsWatch::look_later() {
  driver_.after(interval, [this](Instant) {
    look();
    look_later();
  });
}

void EmailsWatch::look() {
  const auto snapshot = snapshots_.load();
  const auto& path = snapshot->emails_file;
  if (path.empty()) return;
  // New settings come with a list of their own, and it may be older than what was seen here.
  const bool is_new = std::exchange(generation_, snapshot->generation) != snapshot->generation;
  if (is_new) content_.reset();
  const auto stamp = files_->stamp(path);
  if (!is_new && !stamp.empty() && stamp == stamp_) return;

  auto content = files_->read(path, max_emails_file_size);
  if (!content.ok()) return note("cannot be read: " + content.error().text);
  stamp_ = stamp;
  if (*content == content_) return;
  auto list = policy::EmailList::parse(*content);
  if (!list.ok()) return note(list.error().text);
  content_ = std::move(content).value();
  trouble_.clear();
  snapshots_.update_emails(snapshot->generation,
                           std::make_shared<const policy::EmailList>(std::move(list).value()));
}

// Told once, not every second.
void EmailsWatch::note(const std::string& trouble) {
  stamp_.clear();
  if (trouble_ == trouble) return;
  trouble_ = trouble;
  events_.keep(Event::Level::warning, "file-kept",
               "authenticated_emails_file " + trouble + "; what was read before counts", {});
}

}  // namespace gatelet::engine
