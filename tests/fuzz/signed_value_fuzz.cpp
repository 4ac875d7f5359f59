// Signed values: splitting agrees with a plain second reading, a value is accepted only with the
// MAC that we compute for its three parts, and every payload we sign comes back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "require.hpp"
#include "session/signed_value.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::int64_t begin = 1767225600;
constexpr std::chrono::seconds lifetime{3600};

const crypto::HmacKey& key() {
  static const auto made =
      crypto::HmacKey::make(crypto::Digest::sha256, Secret("0123456789abcdef")).value();
  return made;
}

// The stamp by a plainer rule: what std::to_string would have written for some number of 64 bits.
bool is_stamp(std::string_view text) {
  if (text.empty() || text.size() > 19) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  return (text == "0" || text.front() != '0') &&
         (text.size() < 19 || text <= "9223372036854775807");
}

void check_value(std::string_view value) {
  const auto parts = split_signed(value);
  const auto bars = std::count(value.begin(), value.end(), '|');
  const auto first = value.find('|');
  const auto last = value.rfind('|');
  const bool is_well_formed = bars == 2 && value.size() - last - 1 == 44 &&
                              is_stamp(value.substr(first + 1, last - first - 1));
  require(parts.has_value() == is_well_formed);

  const auto checked = check_signed(key(), "n", value, lifetime, at_unix(begin));
  if (!checked.ok()) {
    require(checked.error().status == Status::session_invalid);
    return;
  }
  require(is_well_formed);
  require(checked->seconds > begin - 3600 && checked->seconds < begin + 300);
  const auto mac = key().mac({"n", checked->payload, checked->stamp}).value();
  require(base64url::encode(mac, base64url::Padding::required) == checked->mac);
}

// With the right MAC put behind it, everything but the MAC is judged.
void check_correctly_signed(std::string_view payload, std::string_view stamp) {
  const auto mac = key().mac({"n", payload, stamp}).value();
  const auto value = std::string(payload) + "|" + std::string(stamp) + "|" +
                     base64url::encode(mac, base64url::Padding::required);
  check_value(value);
  std::string out;
  const auto size = decode_payload(payload, out);
  if (!size.ok()) return;
  const auto bytes = std::string_view(out).substr(0, *size);
  require(base64url::encode(bytes, base64url::Padding::required) == payload);
}

void check_round_trip(std::string_view payload) {
  const auto value = write_signed(key(), "n", payload, begin).value();
  const auto checked = check_signed(key(), "n", value, lifetime, at_unix(begin));
  require(checked.ok());
  std::string out;
  const auto size = decode_payload(checked->payload, out);
  require(size.ok() && std::string_view(out).substr(0, *size) == payload);
  require(!check_signed(key(), "m", value, lifetime, at_unix(begin)).ok());
  require(!check_signed(key(), "n", value, lifetime, at_unix(begin + 3600)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data),
                               std::min<std::size_t>(size, 4096));
  check_value(input);
  check_round_trip(input);
  const auto bar = std::min(input.find('|'), input.size());
  check_correctly_signed(input.substr(0, bar), input.substr(std::min(bar + 1, input.size())));
  return 0;
}
