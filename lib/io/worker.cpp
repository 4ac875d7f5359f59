#include "io/worker.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "io/attempt.hpp"
#include "io/signals.hpp"

namespace gatelet::io {

Worker::~Worker() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
    jobs_.clear();
  }
  has_news_.notify_all();
  for (auto& thread : threads_) thread.join();
}

Result<void> Worker::push(std::function<void()> job) {
  const std::scoped_lock lock(mutex_);
  if (jobs_.size() >= max_waiting_) {
    return Error{Status::too_many_operations,
                 std::string(status_sentence(Status::too_many_operations))};
  }
  if (jobs_.size() >= num_free_ && threads_.size() < max_threads_) {
    auto launched = launch();
    if (!launched.ok() && threads_.empty()) return launched;
  }
  jobs_.push_back(std::move(job));
  has_news_.notify_one();
  return {};
}

Result<void> Worker::launch() {
  const QuietSignals quiet;        // the new thread inherits the mask
  threads_.reserve(max_threads_);  // a thread that could not be kept would have to be waited for
  try {
    threads_.emplace_back([this] { run(); });
    ++num_free_;
  } catch (const std::system_error&) {
    return Error{Status::internal, "a worker's thread cannot be made"};
  }
  return {};
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_news_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
    if (is_ending_) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    --num_free_;
    lock.unlock();
    (void)attempt(job);  // whoever waits for it has a time limit
    lock.lock();
    ++num_free_;
  }
}

}  // namespace gatelet::io
