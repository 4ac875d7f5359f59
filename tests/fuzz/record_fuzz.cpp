// What lies behind decryption. The first byte chooses: an LZ4 frame (the output stays within its
// limit, and a reader that refused serves again) or a bare record. An accepted record is written
// and read again to the same bytes, and packed to the same session.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.hpp"
#include "session/claim_json.hpp"
#include "session/lz4_frame.hpp"
#include "session/packed_session.hpp"
#include "session/record.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::size_t limit = 64 * 1024;

std::size_t count_values(const msgpack::Value& value, std::size_t depth) {
  require(depth <= msgpack::max_depth);
  std::size_t count = 1;
  if (const auto* array = std::get_if<msgpack::Array>(&value.data())) {
    require(array->size() <= msgpack::max_elements);
    for (const auto& element : *array) count += count_values(element, depth + 1);
  }
  if (const auto* map = std::get_if<msgpack::Map>(&value.data())) {
    require(map->size() <= msgpack::max_elements);
    for (const auto& member : *map) count += count_values(member.second, depth + 1);
  }
  return count;
}

void check_record(std::string_view record) {
  const auto session = read_record(record);
  if (!session.ok()) {
    require(session.error().status == Status::session_invalid);
    return;
  }
  require(session->groups.size() <= msgpack::max_elements);
  std::size_t num_values = 0;
  for (const auto& [name, value] : session->additional_claims) {
    num_values += count_values(value, 1);
    std::string json;
    write_claim_json(value, json);
    require(!json.empty());
  }
  require(num_values <= msgpack::max_values);

  RecordParts parts;
  parts.last_use = true;
  const auto written = write_record(*session, parts);
  const auto again = read_record(written);
  require(again.ok());
  require(write_record(*again, parts) == written);
  require(again->access_token == session->access_token && again->id_token == session->id_token &&
          again->refresh_token == session->refresh_token);
  require(again->nonce == session->nonce && again->email == session->email &&
          again->user == session->user && again->groups == session->groups &&
          again->preferred_username == session->preferred_username);
  require(again->created_at == session->created_at && again->expires_on == session->expires_on &&
          again->signed_in_at == session->signed_in_at);
  require((again->data == nullptr) == (session->data == nullptr));
  require(session->data == nullptr || *again->data == *session->data);
  require(again->last_used == session->last_used);
  require(again->provider_id == session->provider_id &&
          again->email_verified == session->email_verified &&
          again->groups_complete == session->groups_complete);

  const auto unpacked = unpack(pack(*session).reveal());
  require(unpacked != nullptr && write_record(*unpacked, parts) == written);

  const auto frame = write_frame(written);
  FrameReader reader;
  require(frame.ok());
  const auto content = reader.read(*frame, written.size());
  require(content.ok() && *content == written);
  require(written.empty() || !reader.read(*frame, written.size() - 1).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    check_record(input);
    return 0;
  }
  FrameReader reader;
  const auto content = reader.read(input, limit);
  if (content.ok()) {
    require(content->size() <= limit);
    check_record(*content);
  } else {
    require(content.error().status == Status::session_invalid);
  }
  reader.forget();
  const auto good = write_frame("good").value();
  require(reader.read(good, limit).value() == "good");
  return 0;
}
