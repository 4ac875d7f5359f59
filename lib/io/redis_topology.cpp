#include "io/redis_topology.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <cstddef>
#include <utility>

#include "http/ascii.hpp"
#include "http/authority.hpp"
#include "http/ip.hpp"
#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using Type = RedisReply::Type;

bool is_string(const RedisReply& reply) noexcept { return reply.type == Type::string; }

bool is_array(const RedisReply& reply, std::size_t at_least) noexcept {
  return reply.type == Type::array && reply.items.size() >= at_least;
}

constexpr std::array<std::uint16_t, 256> make_crc_table() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i << 8;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 0x8000) != 0 ? (value << 1) ^ 0x1021 : value << 1;
    }
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}
constexpr auto crc_table = make_crc_table();

template <class Number>
std::optional<Number> number_in(std::string_view text, Number least, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && number >= least && number <= most ? std::optional(number) : std::nullopt;
}

// nullopt: nothing that can be connected to.
std::optional<std::string> host_of(std::string_view text, std::string_view asked_host) {
  if (text.empty()) text = asked_host;
  if (http::parse_ip(text) && text.front() != '[') return http::lower(text);
  const auto authority = http::parse_authority(text);
  if (!authority || authority->port || text.front() == '[') return std::nullopt;
  return http::lower(text);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  return number_in<std::uint16_t>(text, 1, 65535);
}

std::optional<RedisAddress> address_of(std::string_view host, std::optional<std::uint16_t> port,
                                       std::string_view asked_host) {
  auto read = host_of(host, asked_host);
  if (!read || !port) return std::nullopt;
  return RedisAddress{std::move(*read), *port};
}

std::optional<std::uint16_t> integer_in(const RedisReply& reply, long long least, long long most) {
  const bool is_in = reply.type == Type::integer && reply.number >= least && reply.number <= most;
  return is_in ? std::optional(static_cast<std::uint16_t>(reply.number)) : std::nullopt;
}

using Slots = std::bitset<num_redis_slots>;

// False: two have it.
bool take_slots(Slots& taken, std::uint16_t first, std::uint16_t last) {
  for (std::size_t slot = first; slot <= last; ++slot) {
    if (taken[slot]) return false;
    taken.set(slot);
  }
  return true;
}

}  // namespace

std::string role_command() { return redis_command({"ROLE"}); }

std::optional<RedisRole> read_role(const RedisReply& reply) {
  if (!is_array(reply, 1) || !is_string(reply.items[0])) return std::nullopt;
  const auto& role = reply.items[0].text;
  if (role == "master") return RedisRole::primary;
  const bool is_known = role == "slave" || role == "replica" || role == "sentinel";
  return is_known ? std::optional(RedisRole::other) : std::nullopt;
}

std::string primary_command(std::string_view name) {
  return redis_command({"SENTINEL", "get-master-addr-by-name", name});
}

std::optional<RedisAddress> read_primary(const RedisReply& reply) {
  if (!is_array(reply, 2) || reply.items.size() > 2) return std::nullopt;
  const auto &host = reply.items[0], &port = reply.items[1];
  if (!is_string(host) || host.text.empty() || !is_string(port)) return std::nullopt;
  return address_of(host.text, port_of(port.text), {});
}

std::uint16_t redis_slot(std::string_view key) noexcept {
  if (const auto open = key.find('{'); open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    const bool has_tag = close != std::string_view::npos && close > open + 1;
    if (has_tag) key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    crc = ((crc << 8) ^ crc_table[((crc >> 8) ^ byte) & 0xff]) & 0xffff;
  }
  return static_cast<std::uint16_t>(crc % num_redis_slots);
}

std::string slots_command() { return redis_command({"CLUSTER", "SLOTS"}); }

std::optional<std::vector<RedisSlotRange>> read_slots(const RedisReply& reply,
                                                      std::string_view asked_host) {
  if (!is_array(reply, 0)) return std::nullopt;
  Slots taken;
  std::vector<RedisSlotRange> ranges;
  for (const auto& range : reply.items) {
    if (!is_array(range, 3) || !is_array(range.items[2], 2)) return std::nullopt;
    const auto first = integer_in(range.items[0], 0, num_redis_slots - 1);
    const auto last = integer_in(range.items[1], 0, num_redis_slots - 1);
    if (!first || !last || *first > *last || !take_slots(taken, *first, *last)) return std::nullopt;
    const auto &host = range.items[2].items[0], &port = range.items[2].items[1];
    if (!is_string(host) && host.type != Type::nil) return std::nullopt;
    if (host.text == "?") continue;
    auto primary = address_of(host.text, integer_in(port, 1, 65535), asked_host);
    if (!primary) return std::nullopt;
    ranges.push_back({*first, *last, std::move(*primary)});
  }
  return ranges;
}

std::string asking_command() { return redis_command({"ASKING"}); }

std::optional<RedisRedirect> read_redirect(const RedisReply& error, std::string_view asked_host) {
  const auto word = error_word(error);
  if (word != "MOVED" && word != "ASK") return std::nullopt;
  auto rest = std::string_view(error.text).substr(word.size());
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  const auto space = rest.find(' ');
  const auto colon = rest.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) {
    return std::nullopt;
  }
  const auto slot = number_in<std::uint16_t>(rest.substr(0, space), 0, num_redis_slots - 1);
  auto to = address_of(rest.substr(space + 1, colon - space - 1), port_of(rest.substr(colon + 1)),
                       asked_host);
  if (!slot || !to) return std::nullopt;
  return RedisRedirect{word == "MOVED", *slot, std::move(*to)};
}

}  // namespace gatelet::io
