#include "io/system.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"

using namespace gatelet;

namespace {

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "gatelet-io-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content) {
    const auto path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_SUITE("io/system") {
  TEST_CASE("system_clock: neither clock goes back, and the wall clock shows our time") {
    const auto clock = io::system_clock();
    const auto first = clock->now();
    const auto second = clock->now();

    CHECK(second.steady >= first.steady);
    CHECK(first.unix_seconds() > 1'700'000'000);
  }

  TEST_CASE("system_files: the whole content, every byte, up to the limit") {
    Folder folder;
    const std::string content("a\0b\r\n\xff", 6);
    const auto path = folder.write("f", content);
    const auto large = folder.write("large", std::string(100'000, 'x'));

    CHECK(io::system_files()->read(path, 6).value() == content);
    CHECK(io::system_files()->read(large, 1 << 20).value().size() == 100'000);
  }

  TEST_CASE("system_files: one byte above the limit is refused, and nothing of it is shown") {
    Folder folder;
    const auto path = folder.write("f", "canary");

    const auto result = io::system_files()->read(path, 5);

    CHECK(result.error().status == Status::unreadable_file);
    CHECK(result.error().text == "it is larger than 5 bytes");
  }

  TEST_CASE("system_files: through a symbolic link, as secrets are mounted") {
    Folder folder;
    std::filesystem::create_symlink(folder.write("f", "x"), folder.path() + "/link");

    CHECK(io::system_files()->read(folder.path() + "/link", 10).value() == "x");
  }

  TEST_CASE("system_files: what is no regular file is refused without waiting") {
    Folder folder;
    const auto fifo = folder.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);

    CHECK(io::system_files()->read(fifo, 10).error().text == "it is no regular file");
    CHECK(io::system_files()->read(folder.path(), 10).error().status == Status::unreadable_file);
    CHECK(io::system_files()->read(folder.path() + "/none", 10).error().text ==
          "No such file or directory");
    CHECK_FALSE(io::system_files()->read(std::string_view("a\0b", 3), 10).ok());
  }

  TEST_CASE("num_forks: the child counts one more, the parent does not") {
    REQUIRE(io::watch_forks());
    REQUIRE(io::watch_forks());  // once, however often asked
    const auto before = io::num_forks();
    const auto child = ::fork();
    if (child == 0) ::_exit(io::num_forks() == before + 1 ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);

    CHECK(status == 0);
    CHECK(io::num_forks() == before);
  }

  TEST_CASE("SignalTurn: one at a time; the others wait") {
    int num = 0;  // the turn alone keeps these threads apart
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&num] {
        for (int k = 0; k < 1000; ++k) {
          const io::SignalTurn turn;
          const int before = num;
          std::this_thread::yield();
          num = before + 1;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(num == 4000);
  }

  TEST_CASE("SignalTurn: a child made by fork finds it free, whoever had it") {
    REQUIRE(io::watch_forks());
    auto turn = std::make_unique<io::SignalTurn>();
    const auto child = ::fork();
    if (child == 0) {
      ::alarm(10);  // where it is not free
      const io::SignalTurn mine;
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    turn.reset();
    const io::SignalTurn again;
  }
}
