#include "io/ready_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "io/system.hpp"

namespace gatelet::io {
namespace {

bool prepare(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace

ReadyFd::~ReadyFd() {
  if (read_end_ < 0) return;
  ::close(read_end_);
  ::close(write_end_);
}

int ReadyFd::get() noexcept {
  if (read_end_ >= 0) return read_end_;
  int ends[2];
  if (!open_pipe(ends)) return -1;
  if (!prepare(ends[0]) || !prepare(ends[1])) {
    ::close(ends[0]);
    ::close(ends[1]);
    return -1;
  }
  read_end_ = ends[0];
  write_end_ = ends[1];
  if (is_ready_) put_byte();
  return read_end_;
}

void ReadyFd::set(bool is_ready) noexcept {
  if (is_ready == is_ready_) return;
  is_ready_ = is_ready;
  if (read_end_ < 0) return;
  is_ready ? put_byte() : take_byte();
}

void ReadyFd::put_byte() noexcept {
  const char byte = 1;
  while (::write(write_end_, &byte, 1) < 0 && errno == EINTR) {
  }
}

void ReadyFd::take_byte() noexcept {
  char byte;
  while (::read(read_end_, &byte, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace gatelet::io
