#include "session/signed_value.hpp"

#include <array>
#include <charconv>

#include "base/base64url.hpp"

namespace gatelet::session {
namespace {

using base64url::Padding;

constexpr std::size_t mac_size = 32;
constexpr std::size_t mac_text_size = base64url::encoded_size(mac_size, Padding::required);
constexpr std::chrono::seconds max_ahead = std::chrono::minutes(5);  // of clocks that differ

std::optional<std::int64_t> read_stamp(std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1) || text.front() == '-')
    return std::nullopt;
  std::int64_t seconds = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end) return std::nullopt;
  return seconds;
}

}  // namespace

// In whole seconds, which no stamp can overflow: for a whole t, t < x holds when t < ceil(x), and
// t > x when t > floor(x).
bool is_timely(std::int64_t stamp, std::chrono::seconds lifetime, Instant now) noexcept {
  using std::chrono::seconds;
  if (lifetime == seconds(0)) return true;
  const auto latest = std::chrono::ceil<seconds>(now.wall) + max_ahead;
  const auto earliest = std::chrono::floor<seconds>(now.wall) - lifetime;
  return stamp > earliest.count() && stamp < latest.count();
}

std::optional<SignedParts> split_signed(std::string_view value) noexcept {
  const auto first = value.find('|');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = value.find('|', first + 1);
  if (second == std::string_view::npos) return std::nullopt;

  SignedParts parts{value.substr(0, first), value.substr(first + 1, second - first - 1),
                    value.substr(second + 1), 0};
  if (parts.mac.size() != mac_text_size || parts.mac.find('|') != std::string_view::npos)
    return std::nullopt;
  const auto seconds = read_stamp(parts.stamp);
  if (!seconds) return std::nullopt;
  parts.seconds = *seconds;
  return parts;
}

Result<SignedParts> check_signed(const crypto::HmacKey& key, std::string_view name,
                                 std::string_view value, std::chrono::seconds lifetime,
                                 Instant now) {
  const auto parts = split_signed(value);
  std::array<char, base64url::max_decoded_size(mac_text_size)> mac;
  const auto size =
      parts ? base64url::decode_into(parts->mac, mac.data(), Padding::required) : std::nullopt;
  if (!size || *size != mac_size)
    return Error{Status::session_invalid, "the cookie is no signed value"};
  if (!key.verify({name, parts->payload, parts->stamp}, {mac.data(), mac_size}))
    return Error{Status::session_invalid, "the cookie's signature does not match"};
  if (!is_timely(parts->seconds, lifetime, now))
    return Error{Status::session_invalid, "the cookie is too old, or from the future"};
  return *parts;
}

Result<std::size_t> decode_payload(std::string_view payload, std::string& out) {
  const auto room = base64url::max_decoded_size(payload.size());
  if (out.size() < room) out.resize(room);
  const auto size = base64url::decode_into(payload, out.data(), Padding::required);
  if (!size) return Error{Status::session_invalid, "the cookie's value is no base64url"};
  return *size;
}

Result<std::string> write_signed(const crypto::HmacKey& key, std::string_view name,
                                 std::string_view payload, std::int64_t seconds) {
  const auto stamp = std::to_string(seconds);
  std::string out;
  out.reserve(base64url::encoded_size(payload.size(), Padding::required) + stamp.size() +
              mac_text_size + 2);
  base64url::encode(payload, Padding::required, out);
  auto mac = key.mac({name, out, stamp});
  if (!mac) return std::move(mac).error();
  out.append("|").append(stamp).append("|");
  base64url::encode(*mac, Padding::required, out);
  return out;
}

}  // namespace gatelet::session
