// A thread for work that would hold up the loop: one after the other, in order, and only so much
// may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.hpp"

namespace gatelet::io {

class Worker {
 public:
  // Starts nothing yet.
  explicit Worker(std::size_t max_waiting) : max_waiting_(max_waiting) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Waits for the job under way; those that wait are dropped, undone.
  ~Worker();

  // Takes over a job; what it throws is lost. The first one starts the thread.
  //   Blocking: never. Threads: any.
  //   Failure: Status::too_many_operations when too many wait, internal when there is no thread to
  //   be had; the job is then dropped.
  Result<void> push(std::function<void()> job);

 private:
  Result<void> launch();
  void run();

  const std::size_t max_waiting_;
  std::mutex mutex_;
  std::condition_variable has_news_;
  // Guarded by mutex_:
  std::deque<std::function<void()>> jobs_;
  std::thread thread_;
  bool is_ending_ = false;
};

}  // namespace gatelet::io
