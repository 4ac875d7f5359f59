// Which Redis server to ask: what Sentinels, clusters and the servers themselves say about it.
// Pairs of a command and the judgement of its reply; no socket, no clock.
//
// Replies are taken for what they may be: the words of a server that is broken or hostile. A host
// is a name or an address and nothing else, a port and a slot are in range, or there is no answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/redis_reply.hpp"

namespace gatelet::io {

struct RedisAddress {
  std::string host;  // lower case, an IPv6 address without brackets
  std::uint16_t port = 0;

  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

// ROLE (Redis 2.8.12): whether the server itself thinks that it takes writes.
enum class RedisRole : std::uint8_t { primary, other };
std::string role_command();
std::optional<RedisRole> read_role(const RedisReply& reply);

// SENTINEL get-master-addr-by-name.
std::string primary_command(std::string_view name);
// nullopt: no such answer. That the name is not known is a nil, which is no answer either.
std::optional<RedisAddress> read_primary(const RedisReply& reply);

// A cluster's keys are divided into slots by CRC16 (XMODEM) of the key, or of what stands in its
// first braces when that is not empty.
constexpr std::uint16_t num_redis_slots = 16384;
std::uint16_t redis_slot(std::string_view key) noexcept;

// CLUSTER SLOTS (since 3.0; newer servers have it beside CLUSTER SHARDS).
struct RedisSlotRange {
  std::uint16_t first, last;  // both included
  RedisAddress primary;

  friend bool operator==(const RedisSlotRange&, const RedisSlotRange&) = default;
};
std::string slots_command();
// A host that is left out is `asked_host`, the one that answered; a range whose primary's name is
// not known ("?") is left out. nullopt: no such answer, also where two ranges have the same slot.
std::optional<std::vector<RedisSlotRange>> read_slots(const RedisReply& reply,
                                                      std::string_view asked_host);

// "MOVED 3999 host:port": the slot is there now. "ASK 3999 host:port": this key may be, while the
// slot moves; it is asked for behind ASKING, and the next key is asked for here again.
struct RedisRedirect {
  bool is_for_good;
  std::uint16_t slot;
  RedisAddress to;

  friend bool operator==(const RedisRedirect&, const RedisRedirect&) = default;
};
std::string asking_command();
std::optional<RedisRedirect> read_redirect(const RedisReply& error, std::string_view asked_host);

}  // namespace gatelet::io
