#include "log.hpp"

#include <chrono>
#include <ctime>
#include <iostream>
#include <utility>

namespace forward_auth {
namespace {

using gatelet::Event;

// As in oauth2-proxy's log.
std::string time_text(bool is_local) {
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  is_local ? localtime_r(&seconds, &parts) : gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "[%Y/%m/%d %H:%M:%S] ", &parts);
  return text;
}

std::string line_of(const Event& event) {
  constexpr const char* levels[] = {"debug", "info", "warning", "error"};
  auto line = std::string(levels[static_cast<int>(event.level)]) + " " + std::string(event.code);
  if (!event.provider.empty()) line.append(" provider=").append(event.provider);
  if (!event.request_id.empty()) line.append(" request=").append(event.request_id);
  if (!event.text.empty()) line.append(": ").append(event.text);
  if (!event.detail.empty()) line.append(" (").append(event.detail).append(")");
  return line + "\n";
}

}  // namespace

Log::Log(LogSettings settings, std::string& problem) : settings_(std::move(settings)) {
  if (settings_.file.name.empty()) return;
  file_ = std::make_unique<RotatingFile>(settings_.file);
  if (const auto why = file_->open(); !why.empty()) {
    problem = "logging_filename: " + settings_.file.name + " cannot be written: " + why;
  }
}

void Log::write(const Event& event) {
  if (event.level < settings_.lowest) return;
  if (settings_.as_oauth2_proxy && event.line.empty()) return;
  const auto line = settings_.as_oauth2_proxy ? std::string(event.line) + "\n"
                                              : time_text(settings_.local_time) + line_of(event);
  const std::lock_guard lock(mutex_);
  put(event.level, line);
}

void Log::write_line(const std::string& line) {
  const std::lock_guard lock(mutex_);
  put(Event::Level::info, line + "\n");
}

void Log::put(Event::Level level, const std::string& line) {
  if (level >= Event::Level::warning && !settings_.errors_too) {
    std::cerr << line << std::flush;
  } else if (!file_) {
    std::cout << line << std::flush;
  } else if (!file_->write(line)) {
    std::cerr << line << std::flush;  // a full disk; the line is not lost
  }
}

}  // namespace forward_auth
