// RedisReplyReader: bytes in pieces and whole are the same replies and the same fault, within the
// caps; and what a message says of changed keys is what stands in it. The first byte says how large
// the pieces are.
#include "io/redis_exchange.hpp"
#include "io/redis_reply.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "require.hpp"

using namespace gatelet::io;

namespace {

struct Read {
  std::vector<RedisReply> replies;
  bool has_fault = false;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view bytes, std::size_t piece_size,
          std::size_t limit = RedisReplyReader::max_elements) {
  RedisReplyReader reader(limit);
  Read read;
  while (!bytes.empty()) {
    const auto size = std::min(piece_size, bytes.size());
    reader.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    while (auto reply = reader.take()) read.replies.push_back(std::move(*reply));
  }
  read.has_fault = !reader.fault().empty();
  return read;
}

std::size_t num_elements(const RedisReply& reply, int depth) {
  require(depth <= RedisReplyReader::max_depth || reply.type != RedisReply::Type::array);
  require(reply.items.empty() || reply.type == RedisReply::Type::array);
  std::size_t count = reply.items.size();
  for (const auto& item : reply.items) count += num_elements(item, depth + 1);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
  require(read(bytes, std::max<std::size_t>(data[0], 1)) == whole);
  require(read(bytes, 1) == whole);
  for (const auto& reply : whole.replies) {
    require(num_elements(reply, 1) <= RedisReplyReader::max_elements);
    require(reply.text.size() <= size);
  }

  const auto told =
      read(bytes, std::max<std::size_t>(data[0], 1), RedisReplyReader::max_told_elements);
  require(told.replies.size() >= whole.replies.size());
  for (const auto& reply : told.replies) {
    const auto changed = read_changed_keys(reply);
    if (!changed) continue;
    require(is_message(reply) && !is_pong(reply) && !is_subscribed(reply));
    require(!read_client_id(reply));
    require(changed->all ? changed->keys.empty()
                         : changed->keys.size() == reply.items[2].items.size());
  }
  return 0;
}
