// The system's clock, with the local time zone for times in log lines (logging_local_time).
#pragma once

#include <ctime>
#include <gatelet/gatelet.hpp>
#include <memory>
#include <utility>

namespace forward_auth {

class LocalClock final : public gatelet::Clock {
 public:
  explicit LocalClock(std::shared_ptr<const gatelet::Clock> system) : system_(std::move(system)) {}

  gatelet::Instant now() const noexcept override { return system_->now(); }
  gatelet::Duration utc_offset(gatelet::Instant at) const noexcept override {
    const auto seconds = static_cast<std::time_t>(at.unix_seconds());
    std::tm parts{};
    if (localtime_r(&seconds, &parts) == nullptr) return {};
    return std::chrono::seconds(parts.tm_gmtoff);
  }

 private:
  const std::shared_ptr<const gatelet::Clock> system_;
};

}  // namespace forward_auth
