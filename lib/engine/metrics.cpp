#include "engine/metrics.hpp"

#include <string_view>

namespace gatelet::engine {
namespace {

constexpr std::array<std::string_view, 5> kind_names = {"unauthorized", "forbidden", "redirect",
                                                        "allow", "respond"};
constexpr std::array<std::string_view, 8> class_names = {
    "ok", "unfinished", "usage", "config", "peer", "unavailable", "cancelled", "internal"};
constexpr std::array<std::string_view, 4> save_names = {
    "in_cookies_store_down", "in_store_too_large", "without_tokens_too_large",
    "in_store_not_listed"};
constexpr std::array<std::string_view, 2> result_names = {"failed", "succeeded"};

void add_one(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);
}

void write_header(std::string& out, std::string_view name, std::string_view type,
                  std::string_view help) {
  out.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type);
  out += '\n';
}

void write_sample(std::string& out, std::string_view name, std::string_view labels,
                  std::uint64_t value) {
  out.append(name).append(labels).append(" ").append(std::to_string(value)).append("\n");
}

std::string label(std::string_view name, std::string_view value) {
  return std::string("{").append(name).append("=\"").append(value).append("\"}");
}

}  // namespace

void Metrics::count(const Decision& decision) noexcept {
  add_one(decisions_[static_cast<std::size_t>(decision.kind())]
                    [static_cast<std::size_t>(decision.reason()) % num_reasons]);
}

void Metrics::count(const Error& error) noexcept {
  add_one(errors_[static_cast<std::size_t>(status_class(error.status))]);
}

void Metrics::count_refresh(bool succeeded) noexcept { add_one(refreshes_[succeeded]); }
void Metrics::count_fetch(bool succeeded) noexcept { add_one(fetches_[succeeded]); }

void Metrics::count_saved(flow::SaveNote how) noexcept {
  add_one(saved_[static_cast<std::size_t>(how)]);
}

std::string Metrics::text(const Gauges& gauges) const {
  std::string out;
  write_header(out, "gatelet_decisions_total", "counter",
               "Requests decided, by result and reason.");
  for (std::size_t kind = 0; kind < num_kinds; ++kind) {
    for (std::size_t reason = 0; reason < num_reasons; ++reason) {
      const auto value = decisions_[kind][reason].load(std::memory_order_relaxed);
      if (value == 0) continue;
      const auto labels = std::string("{result=\"") + std::string(kind_names[kind]) +
                          "\",reason=\"" + std::string(reason_code(static_cast<Reason>(reason))) +
                          "\"}";
      write_sample(out, "gatelet_decisions_total", labels, value);
    }
  }
  write_header(out, "gatelet_errors_total", "counter", "Calls that ended in an error, by class.");
  for (std::size_t cls = 1; cls < num_classes; ++cls) {
    write_sample(out, "gatelet_errors_total", label("class", class_names[cls]),
                 errors_[cls].load(std::memory_order_relaxed));
  }
  write_header(out, "gatelet_refresh_total", "counter", "Sessions renewed at their provider.");
  for (std::size_t i = 0; i < 2; ++i) {
    write_sample(out, "gatelet_refresh_total", label("result", result_names[i]),
                 refreshes_[i].load(std::memory_order_relaxed));
  }
  write_header(out, "gatelet_provider_fetch_total", "counter",
               "Fetches of provider metadata and keys.");
  for (std::size_t i = 0; i < 2; ++i) {
    write_sample(out, "gatelet_provider_fetch_total", label("result", result_names[i]),
                 fetches_[i].load(std::memory_order_relaxed));
  }
  write_header(out, "gatelet_sessions_kept_otherwise_total", "counter",
               "Sessions that are not kept whole where sessions are kept, by how.");
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    write_sample(out, "gatelet_sessions_kept_otherwise_total", label("how", save_names[i]),
                 saved_[i].load(std::memory_order_relaxed));
  }
  write_header(out, "gatelet_inflight", "gauge", "Operations in flight.");
  write_sample(out, "gatelet_inflight", "", gauges.in_flight);
  write_header(out, "gatelet_session_cache_bytes", "gauge", "Memory of the session cache.");
  write_sample(out, "gatelet_session_cache_bytes", "", gauges.session_cache_bytes);
  write_header(out, "gatelet_build_info", "gauge", "The library's version.");
  write_sample(out, "gatelet_build_info", label("version", GATELET_VERSION_TEXT), 1);
  return out;
}

}  // namespace gatelet::engine
