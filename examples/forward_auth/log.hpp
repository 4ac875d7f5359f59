// The log: one line an event, with its time, to the standard output or a file.
#pragma once

#include <gatelet/gatelet.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "rotating_file.hpp"

namespace forward_auth {

struct LogSettings {
  FileSettings file;             // no name: the standard output
  bool local_time = true;        // else UTC
  bool as_oauth2_proxy = false;  // events in its formats, where the operator set one
  bool errors_too = false;  // warnings and errors go where the rest goes, not to standard error
  gatelet::Event::Level lowest = gatelet::Event::Level::info;
};

class Log {
 public:
  // `problem` says why the file cannot be used, and stays as it is when it can.
  Log(LogSettings settings, std::string& problem);

  // From any thread.
  void write(const gatelet::Event& event);
  void write_line(const std::string& line);  // of a request that has been answered

 private:
  void put(gatelet::Event::Level level, const std::string& line);

  const LogSettings settings_;
  std::mutex mutex_;
  std::unique_ptr<RotatingFile> file_;  // guarded by mutex_
};

}  // namespace forward_auth
