#include "io/system.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>

#include "base/result.hpp"

namespace gatelet::io {
namespace {

class SystemClock final : public Clock {
 public:
  Instant now() const noexcept override {
    return {std::chrono::system_clock::now().time_since_epoch(),
            std::chrono::steady_clock::now().time_since_epoch()};
  }
};

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  const int fd_;
};

Error unreadable(std::string why) { return {Status::unreadable_file, std::move(why)}; }

Error unreadable(int error) { return unreadable(std::generic_category().message(error)); }

class SystemFiles final : public Files {
 public:
  std::string stamp(std::string_view path) override {
    struct stat about {};
    if (::stat(std::string(path).c_str(), &about) != 0) return {};
    return std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec) +
           " " + std::to_string(about.st_ctim.tv_sec) + "." +
           std::to_string(about.st_ctim.tv_nsec) + " " + std::to_string(about.st_size) + " " +
           std::to_string(about.st_ino);
  }

  Result<std::string> read(std::string_view path, std::size_t max_size) override {
    if (path.find('\0') != std::string_view::npos) return unreadable("the path holds a zero byte");
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    const Descriptor file(::open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return unreadable(errno);
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return unreadable(errno);
    if (!S_ISREG(about.st_mode)) return unreadable("it is no regular file");

    std::string content;
    char chunk[4096];
    for (;;) {
      const auto got = ::read(file.get(), chunk, sizeof chunk);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(errno);
      if (got == 0) return content;
      if (content.size() + static_cast<std::size_t>(got) > max_size) {
        return unreadable("it is larger than " + std::to_string(max_size) + " bytes");
      }
      content.append(chunk, static_cast<std::size_t>(got));
    }
  }
};

// What of the process several engines share: a fork, and how it takes signals, concern them all.
std::atomic<std::uint64_t>& fork_counter() noexcept {
  static std::atomic<std::uint64_t> counter{0};
  return counter;
}

std::atomic_flag& signal_turn() noexcept {
  static std::atomic_flag is_taken;
  return is_taken;
}

void count_fork() {
  fork_counter().fetch_add(1, std::memory_order_relaxed);
  signal_turn().clear();  // whoever had it is not in the child
}

}  // namespace

std::shared_ptr<const Clock> system_clock() { return std::make_shared<SystemClock>(); }

std::shared_ptr<Files> system_files() { return std::make_shared<SystemFiles>(); }

bool watch_forks() noexcept {
  static const bool is_watching = ::pthread_atfork(nullptr, nullptr, count_fork) == 0;
  return is_watching;
}

int open_socket(int family, int type, int protocol) noexcept {
#ifdef SOCK_CLOEXEC
  return ::socket(family, type | SOCK_CLOEXEC, protocol);
#else
  const int fd = ::socket(family, type, protocol);
  if (fd >= 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
#endif
}

bool open_pipe(int (&ends)[2]) noexcept {
#ifdef SOCK_CLOEXEC
  return ::pipe2(ends, O_CLOEXEC) == 0;
#else
  if (::pipe(ends) != 0) return false;
  for (const int fd : ends) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return true;
#endif
}

SignalTurn::SignalTurn() noexcept {
  while (signal_turn().test_and_set(std::memory_order_acquire)) signal_turn().wait(true);
}

SignalTurn::~SignalTurn() {
  signal_turn().clear(std::memory_order_release);
  signal_turn().notify_one();
}

std::uint64_t num_forks() noexcept { return fork_counter().load(std::memory_order_relaxed); }

}  // namespace gatelet::io
