#include "io/ready_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "io/scripted_task.hpp"

using gatelet::io::ReadyFd;
using gatelet::io::testing::is_readable;

TEST_SUITE("io/ready_fd") {
  TEST_CASE("get: the same descriptor every time, closed on exec, not readable at first") {
    ReadyFd fd;

    CHECK(fd.get() >= 0);
    CHECK(fd.get() == fd.get());
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_FALSE(is_readable(fd.get()));
  }

  TEST_CASE("set: readable until it is taken back, however often it is said") {
    ReadyFd fd;
    fd.get();
    for (int i = 0; i < 100'000; ++i) fd.set(true);  // more than a pipe holds
    CHECK(is_readable(fd.get()));
    CHECK(is_readable(fd.get()));  // level-triggered

    fd.set(false);
    CHECK_FALSE(is_readable(fd.get()));
    fd.set(true);
    CHECK(is_readable(fd.get()));
  }

  TEST_CASE("set: before the descriptor is made counts as well") {
    ReadyFd fd;
    fd.set(true);

    CHECK(is_readable(fd.get()));
  }
}
