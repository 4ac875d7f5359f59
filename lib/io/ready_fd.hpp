// A descriptor that is readable while something waits: level-triggered, for any event loop.
#pragma once

namespace gatelet::io {

// A pipe that holds one byte, or none. Opens nothing until asked. Not thread-safe: its owner locks.
class ReadyFd {
 public:
  ReadyFd() = default;
  ReadyFd(const ReadyFd&) = delete;
  ReadyFd& operator=(const ReadyFd&) = delete;
  ~ReadyFd();

  // The end to poll; made at the first call. -1 when none can be made.
  int get() noexcept;

  // Readable from here on, or no longer.
  void set(bool is_ready) noexcept;

 private:
  void put_byte() noexcept;
  void take_byte() noexcept;

  int read_end_ = -1;
  int write_end_ = -1;
  bool is_ready_ = false;
};

}  // namespace gatelet::io
