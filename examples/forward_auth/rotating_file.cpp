#include "rotating_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace forward_auth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view time_shape = "0000-00-00T00-00-00.000";

std::string time_text(bool is_local) {
  const auto now = std::chrono::system_clock::now();
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  is_local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts);
  char text[32], milliseconds[8];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &parts);
  const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::snprintf(milliseconds, sizeof milliseconds, ".%03d", static_cast<int>(part.count() % 1000));
  return std::string(text) + milliseconds;
}

// "name-TIME.log", or with ".gz" behind it, for the file "name.log".
bool is_backup_of(const fs::path& file, const fs::path& candidate) {
  auto name = candidate.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const auto before = file.stem().string() + "-", behind = file.extension().string();
  if (name.size() != before.size() + time_shape.size() + behind.size()) return false;
  if (!name.starts_with(before) || !name.ends_with(behind)) return false;
  return std::equal(
      time_shape.begin(), time_shape.end(),
      name.begin() + static_cast<std::ptrdiff_t>(before.size()),
      [](char shape, char c) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; });
}

// The newest first: their names sort by time.
std::vector<fs::path> backups_of(const fs::path& file) {
  std::vector<fs::path> out;
  std::error_code trouble;
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, trouble)) {
    if (is_backup_of(file, entry.path())) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

// The compressed file appears under its name once it is whole.
void compress(const fs::path& file) {
  const auto unfinished = file.string() + ".gz.part";
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::unique_ptr<gzFile_s, decltype(&gzclose)> out(fd < 0 ? nullptr : gzdopen(fd, "wb"), gzclose);
  std::ifstream in(file, std::ios::binary);
  if (!out || !in) return;
  std::vector<char> block(64 * 1024);
  bool is_fine = true;
  while (is_fine &&
         (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount()) > 0) {
    const auto size = static_cast<unsigned>(in.gcount());
    is_fine = gzwrite(out.get(), block.data(), size) == static_cast<int>(size);
  }
  is_fine = gzclose(out.release()) == Z_OK && is_fine && in.eof();
  std::error_code trouble;
  if (is_fine) fs::rename(unfinished, file.string() + ".gz", trouble);
  if (is_fine && !trouble) fs::remove(file, trouble);
  if (!is_fine) fs::remove(unfinished, trouble);
}

bool is_older_than(const fs::path& file, std::uint64_t days) {
  std::error_code trouble;
  const auto written = fs::last_write_time(file, trouble);
  const auto age = fs::file_time_type::clock::now() - written;
  return !trouble && age > std::chrono::hours(24) * static_cast<long>(days);
}

}  // namespace

RotatingFile::RotatingFile(FileSettings settings) : settings_(std::move(settings)) {}

RotatingFile::~RotatingFile() {
  if (tidier_.joinable()) tidier_.join();
  if (fd_ >= 0) close(fd_);
}

std::string RotatingFile::open() {
  constexpr int mode = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
  fd_ = ::open(settings_.name.c_str(), mode, 0600);
  struct stat what {};
  if (fd_ < 0 || fstat(fd_, &what) != 0) return std::strerror(errno);
  size_ = static_cast<std::uint64_t>(what.st_size);
  return {};
}

bool RotatingFile::write(const std::string& line) {
  if (size_ > 0 && size_ + line.size() > settings_.max_size) rotate();
  if (fd_ < 0 && !open().empty()) return false;
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return true;
}

void RotatingFile::rotate() {
  const fs::path file = settings_.name;
  const auto backup =
      file.parent_path() /
      (file.stem().string() + "-" + time_text(settings_.local_time) + file.extension().string());
  std::error_code trouble;
  if (fs::exists(backup, trouble)) return;  // two within a millisecond: the file grows on
  fs::rename(file, backup, trouble);
  if (trouble) return;  // the same: better too large a log than none
  close(std::exchange(fd_, -1));
  size_ = 0;
  if (tidier_.joinable()) tidier_.join();
  tidier_ = std::thread([this] { tidy(); });
}

void RotatingFile::tidy() const {
  std::error_code trouble;
  const auto backups = backups_of(settings_.name);
  for (std::size_t i = 0; i < backups.size(); ++i) {
    const auto& backup = backups[i];
    const bool is_too_many = settings_.max_backups > 0 && i >= settings_.max_backups;
    const bool is_too_old =
        settings_.max_age_days > 0 && is_older_than(backup, settings_.max_age_days);
    if (is_too_many || is_too_old) {
      fs::remove(backup, trouble);
    } else if (settings_.compress && backup.extension() != ".gz") {
      compress(backup);
    }
  }
}

}  // namespace forward_auth
