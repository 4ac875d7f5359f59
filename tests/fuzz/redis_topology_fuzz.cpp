// What servers, Sentinels and clusters say of where to go: whatever is read can be connected to and
// is in range, whatever the reply was.
#include "io/redis_topology.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/authority.hpp"
#include "http/ip.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::io;

namespace {

void check(const RedisAddress& address) {
  require(address.port != 0);
  require(http::parse_ip(address.host) || http::parse_authority(address.host));
  require(address.host.find_first_of(" /@?#[]\r\n") == std::string::npos);
  require(address.host.find('\0') == std::string::npos);
}

void check_reply(const RedisReply& reply) {
  read_role(reply);
  if (const auto primary = read_primary(reply)) check(*primary);
  if (const auto slots = read_slots(reply, "asked.example")) {
    std::size_t num_slots = 0;
    for (const auto& range : *slots) {
      check(range.primary);
      require(range.first <= range.last && range.last < num_redis_slots);
      num_slots += range.last - range.first + 1U;
    }
    require(num_slots <= num_redis_slots);
  }
  if (const auto redirect = read_redirect(reply, "asked.example")) {
    check(redirect->to);
    require(redirect->slot < num_redis_slots);
  }
  require(redis_slot(reply.text) < num_redis_slots);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  RedisReplyReader reader;
  reader.feed({reinterpret_cast<const char*>(data), size});
  while (const auto reply = reader.take()) check_reply(*reply);
  return 0;
}
