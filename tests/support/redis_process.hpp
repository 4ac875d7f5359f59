// A Redis server of this process' own, behind a socket in a folder of its own.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace gatelet::support {

class RedisProcess {
 public:
  RedisProcess() {
    char folder[] = "/tmp/gatelet-redis-XXXXXX";
    if (::mkdtemp(folder) == nullptr) return;
    folder_ = folder;
    std::vector<std::string> words = {"redis-server", "--port",    "0",        "--unixsocket",
                                      path(),         "--save",    "",         "--appendonly",
                                      "no",           "--logfile", "/dev/null"};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (::posix_spawnp(&process_, "redis-server", nullptr, nullptr, arguments.data(), environ) !=
        0) {
      process_ = 0;
    }
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;
  ~RedisProcess() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
    ::unlink(path().c_str());
    ::rmdir(folder_.c_str());
  }

  // False: there is no redis-server, or it does not take a connection within ten seconds.
  bool is_there() const {
    for (int i = 0; process_ > 0 && i < 1000; ++i) {
      if (takes_connections()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::string path() const { return folder_ + "/redis.sock"; }
  std::string url() const { return "unix://" + path(); }

 private:
  // Its socket is in the folder a moment before it listens there.
  bool takes_connections() const {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = path();
    if (name.size() >= sizeof(address.sun_path)) return false;
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool is_connected =
        ::connect(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)) == 0;
    ::close(fd);
    return is_connected;
  }

  std::string folder_;
  ::pid_t process_ = 0;
};

}  // namespace gatelet::support
