// Threads for work that would hold up the loop: begun in order, as many at a time as there may be
// threads, and only so much may wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace gatelet::io {

class Worker {
 public:
  // Starts nothing yet. With one thread, jobs are done one after the other.
  explicit Worker(std::size_t max_waiting, std::size_t max_threads = 1)
      : max_waiting_(max_waiting), max_threads_(max_threads) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Waits for the jobs under way; those that wait are dropped, undone.
  ~Worker();

  // Takes over a job; what it throws is lost. It starts a thread when none is free.
  //   Blocking: never. Threads: any.
  //   Failure: Status::too_many_operations when too many wait, internal when there is no thread to
  //   be had; the job is then dropped.
  Result<void> push(std::function<void()> job);

 private:
  Result<void> launch();
  void run();

  const std::size_t max_waiting_, max_threads_;
  std::mutex mutex_;
  std::condition_variable has_news_;
  // Guarded by mutex_:
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t num_free_ = 0;  // threads that wait for a job
  bool is_ending_ = false;
};

}  // namespace gatelet::io
