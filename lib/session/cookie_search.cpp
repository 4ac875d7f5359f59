#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "session/cookie_session.hpp"
#include "session/cookie_split.hpp"
#include "session/cookie_value.hpp"
#include "session/ticket.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t max_candidates = 4;

// The parts of one split value, by number. A view without data is a part that did not come.
using Parts = std::array<std::string_view, max_parts>;

struct Found {
  std::array<std::string_view, max_candidates> whole;
  std::size_t num_whole = 0;
  Parts first{}, last{};  // differ where a part came twice
  bool has_second_part = false;
};

Found scan(std::string_view name, std::span<const HeaderView> headers) noexcept {
  Found found;
  http::CookieReader reader(headers);
  http::CookieView cookie;
  while (reader.next(cookie)) {
    if (!cookie.name.starts_with(name.substr(0, max_part_name_size - 3))) continue;
    if (cookie.name == name) {
      if (found.num_whole < max_candidates) found.whole[found.num_whole++] = cookie.value;
    } else if (const auto number = part_number(name, cookie.name)) {
      if (found.first[*number].data() == nullptr) {
        found.first[*number] = cookie.value;
      } else {
        found.has_second_part = true;
      }
      found.last[*number] = cookie.value;
    }
  }
  return found;
}

// Joins up to the first gap. A lone part keeps its own name, as in the reference.
SessionCookie join(std::string_view name, const Parts& parts) {
  SessionCookie out;
  std::size_t num_parts = 0, size = 0;
  for (; num_parts < max_parts && parts[num_parts].data() != nullptr; ++num_parts)
    size += parts[num_parts].size();
  out.joined.reserve(size);
  for (std::size_t i = 0; i < num_parts; ++i) out.joined.append(parts[i]);
  if (num_parts == 1) out.signed_name = part_name(name, 0);
  return out;
}

std::int64_t time_of(const SessionCookie& cookie) noexcept {
  return claimed_time(cookie.value()).value_or(std::numeric_limits<std::int64_t>::min());
}

// NAME, even when empty or invalid, hides the parts; the first of several counts.
std::vector<SessionCookie> as_the_reference(std::string_view name, const Found& found) {
  std::vector<SessionCookie> out;
  if (found.num_whole > 0) {
    out.push_back({found.whole[0], {}, {}});
  } else if (found.first[0].data() != nullptr) {
    out.push_back(join(name, found.first));
  }
  return out;
}

// A sub-domain can set cookies of our names (H-01), and a stale whole cookie may stand beside newer
// parts (H-04): every candidate is worth a look, the one that says it is newest first.
std::vector<SessionCookie> newest_first(std::string_view name, const Found& found) {
  std::vector<SessionCookie> out;
  if (found.first[0].data() != nullptr) {
    out.push_back(join(name, found.first));
    if (found.has_second_part) out.push_back(join(name, found.last));
  }
  for (std::size_t i = 0; i < found.num_whole && out.size() < max_candidates; ++i)
    out.push_back({found.whole[i], {}, {}});
  std::erase_if(out, [](const auto& cookie) { return cookie.value().empty(); });
  // There are four at most: each moves in front of what is older.
  for (auto one = out.begin(); one != out.end(); ++one) {
    const auto at = std::find_if(out.begin(), one,
                                 [&](const auto& other) { return time_of(other) < time_of(*one); });
    std::rotate(at, one, std::next(one));
  }
  return out;
}

std::vector<SessionCookie> candidates(const SessionSettings& settings, const Found& found) {
  const std::string_view name = settings.cookie_name;
  return settings.newest_of_duplicates ? newest_first(name, found) : as_the_reference(name, found);
}

}  // namespace

std::vector<SessionCookie> find_session_cookies(const SessionSettings& settings,
                                                std::span<const HeaderView> headers) {
  return candidates(settings, scan(settings.cookie_name, headers));
}

std::vector<SessionCookie> find_ticket_cookies(const SessionSettings& settings,
                                               std::span<const HeaderView> headers) {
  auto found = scan(settings.cookie_name, headers);
  found.first = found.last = {};  // what another store may have left
  found.has_second_part = false;
  return candidates(settings, found);
}

}  // namespace gatelet::session
