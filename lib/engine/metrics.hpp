// Numbers about one engine, counted with relaxed adds and written as Prometheus text.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include <gatelet/decision.hpp>

#include "base/result.hpp"
#include "flow/save_session.hpp"

namespace gatelet::engine {

class Metrics {
 public:
  void count(const Decision& decision) noexcept;
  void count(const Error& error) noexcept;
  void count_refresh(bool succeeded) noexcept;
  void count_fetch(bool succeeded) noexcept;
  void count_saved(flow::SaveNote how) noexcept;

  struct Gauges {
    std::size_t in_flight, session_cache_bytes;
  };
  std::string text(const Gauges& gauges) const;

 private:
  static constexpr std::size_t num_kinds = 5;
  static constexpr std::size_t num_reasons = 64;
  static constexpr std::size_t num_classes = 8;
  using Counter = std::atomic<std::uint64_t>;
  std::array<std::array<Counter, num_reasons>, num_kinds> decisions_{};
  std::array<Counter, num_classes> errors_{};
  std::array<Counter, 2> refreshes_{}, fetches_{};  // failed, succeeded
  std::array<Counter, 4> saved_{};                  // by SaveNote
};

}  // namespace gatelet::engine
