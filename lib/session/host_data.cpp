#include "session/host_data.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t max_name_size = 64;

bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

Error too_large(const SessionSettings& settings, std::size_t size) {
  return {Status::data_too_large, "the session's data would have " + std::to_string(size) +
                                      " bytes with its names; at most " +
                                      std::to_string(data_limit(settings)) + " are kept"};
}

// Later than before, whatever the clock says: by it two copies are told apart.
Timestamp later_than(const std::optional<Timestamp>& before, Timestamp now) noexcept {
  if (!before || *before < now) return now;
  auto next = *before;
  if (++next.nanos == 1'000'000'000) next = {next.seconds + 1, 0};
  return next;
}

}  // namespace

std::span<const std::pair<std::string, std::string>> data_of(const Session& session) noexcept {
  if (!session.data) return {};
  return session.data->values;
}

std::optional<Timestamp> data_changed_at(const Session& session) noexcept {
  return session.data ? session.data->changed_at : std::nullopt;
}

std::size_t data_size(const Session& session) noexcept {
  std::size_t size = 0;
  for (const auto& [name, value] : data_of(session)) size += name.size() + value.size();
  return size;
}

std::string_view find_data(const Session& session, std::string_view name) noexcept {
  for (const auto& [key, value] : data_of(session)) {
    if (key == name) return value;
  }
  return {};
}

std::size_t data_limit(const SessionSettings& settings) noexcept {
  return settings.is_stored ? 64 * 1024 : 4 * 1024;
}

Result<void> check_data(const SessionSettings& settings, std::string_view name,
                        std::string_view value) {
  if (name.empty() || name.size() > max_name_size ||
      !std::all_of(name.begin(), name.end(), is_name_byte)) {
    return Error{Status::invalid_argument,
                 "a name of session data is 1 to 64 letters, digits, '-', '_' and '.'"};
  }
  const auto size = name.size() + value.size();
  if (size > data_limit(settings)) return too_large(settings, size);
  return {};
}

Result<Session> with_data(const Session& session, const SessionSettings& settings,
                          std::string_view name, std::string_view value, Instant now) {
  if (auto checked = check_data(settings, name, value); !checked.ok()) return checked.error();
  auto data = session.data ? *session.data : HostData();
  std::erase_if(data.values, [&](const auto& one) { return one.first == name; });
  if (!value.empty()) data.values.emplace_back(name, value);
  if (!value.empty() && data.values.size() > max_data_names) {
    return Error{Status::data_too_large, "the session's data would have more than " +
                                             std::to_string(max_data_names) + " names"};
  }
  data.changed_at = later_than(data.changed_at, to_timestamp(now));
  auto out = session;
  out.data = std::make_shared<const HostData>(std::move(data));
  if (!value.empty() && data_size(out) > data_limit(settings)) {
    return too_large(settings, data_size(out));
  }
  if (settings.idle_timeout != std::chrono::seconds(0)) out.last_used = to_timestamp(now);
  return out;
}

bool is_later(const Session& a, const Session& b) noexcept {
  return std::pair(a.created_at, data_changed_at(a)) > std::pair(b.created_at, data_changed_at(b));
}

}  // namespace gatelet::session
