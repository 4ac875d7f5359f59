// A Redis server of this process' own, behind a socket in a folder of its own.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
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

  // False: there is no redis-server, or it does not come within ten seconds.
  bool is_there() const {
    struct stat about {};
    for (int i = 0; process_ > 0 && i < 1000; ++i) {
      if (::stat(path().c_str(), &about) == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::string path() const { return folder_ + "/redis.sock"; }
  std::string url() const { return "unix://" + path(); }

 private:
  std::string folder_;
  ::pid_t process_ = 0;
};

}  // namespace gatelet::support
