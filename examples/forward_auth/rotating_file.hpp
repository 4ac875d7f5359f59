// A log file that is put aside when it has grown: name-2026-11-27T11-54-17.123.log beside name.log.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

namespace forward_auth {

struct FileSettings {
  std::string name;
  std::uint64_t max_size =
      100 * 1024 * 1024;           // in bytes; another file is begun before it is passed
  std::uint64_t max_backups = 0;   // 0: all are kept
  std::uint64_t max_age_days = 0;  // 0: whatever their age
  bool compress = false;           // old files become .gz
  bool local_time = true;          // in the names of old files
};

class RotatingFile {
 public:
  explicit RotatingFile(FileSettings settings);
  ~RotatingFile();
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  // Opens the file to be continued, and makes it (mode 0600) where there is none. What is wrong;
  // empty when nothing is.
  std::string open();

  // One line, its end included. False: it could not be written, and is lost. Not for several
  // threads at once.
  bool write(const std::string& line);

 private:
  void rotate();
  void tidy() const;  // compresses old files, deletes those too many or too old

  const FileSettings settings_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::thread tidier_;  // compressing takes its time, and nobody waits for it
};

}  // namespace forward_auth
