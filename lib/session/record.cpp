#include "session/record.hpp"

#include <cstdint>
#include <utility>

#include "session/host_data.hpp"

namespace gatelet::session {
namespace {

using msgpack::Reader;
using msgpack::Writer;

// Go's time.Time{}: 0001-01-01T00:00:00Z. Present in a record it means "not set".
constexpr msgpack::Time go_zero_time{-62135596800, 0};

// Keys have one or two letters: as a number they can be switched on.
constexpr unsigned code(std::string_view key) noexcept {
  unsigned code = 0;
  for (const char c : key) code = code << 8 | static_cast<unsigned char>(c);
  return code;
}

bool read_text(Reader& reader, std::string& out) {
  std::string_view text;
  if (!reader.read(text)) return false;
  out = text;
  return true;
}

bool read_secret(Reader& reader, Secret& out) {
  std::string_view text;
  if (!reader.read(text)) return false;
  out = Secret(text);
  return true;
}

bool read_time(Reader& reader, std::optional<Timestamp>& out) noexcept {
  msgpack::Time time{};
  if (!reader.read(time)) return false;
  out.reset();
  if (time != go_zero_time) out = Timestamp{time.seconds, time.nanos};
  return true;
}

bool read_groups(Reader& reader, std::vector<std::string>& out) {
  std::size_t num_groups = 0;
  if (!reader.read_array(num_groups)) return false;
  std::vector<std::string> groups(num_groups);
  for (auto& group : groups) {
    if (!reader.take_nil() && !read_text(reader, group)) return false;
  }
  out = std::move(groups);
  return true;
}

bool read_claims(Reader& reader, std::vector<std::pair<std::string, msgpack::Value>>& out) {
  std::size_t num_claims = 0;
  if (!reader.read_map(num_claims)) return false;
  std::vector<std::pair<std::string, msgpack::Value>> claims(num_claims);
  for (auto& [name, value] : claims) {
    if (!read_text(reader, name) || !reader.read(value)) return false;
  }
  out = std::move(claims);
  return true;
}

bool read_data(Reader& reader, std::vector<std::pair<std::string, std::string>>& out) {
  std::size_t num_values = 0;
  if (!reader.read_map(num_values)) return false;
  std::vector<std::pair<std::string, std::string>> data(num_values);
  for (auto& [name, value] : data) {
    if (!read_text(reader, name) || !read_text(reader, value)) return false;
  }
  out = std::move(data);
  return true;
}

bool read_flag(Reader& reader, std::optional<bool>& out) noexcept {
  bool flag = false;
  if (!reader.read(flag)) return false;
  out = flag;
  return true;
}

bool read_field(Reader& reader, std::string_view key, Session& out, HostData& data) {
  if (key.empty() || key.size() > 3) return reader.skip();
  if (reader.take_nil()) return true;  // the last word on a key may be that it is absent
  switch (code(key)) {
    case code("ca"): return read_time(reader, out.created_at);
    case code("eo"): return read_time(reader, out.expires_on);
    case code("at"): return read_secret(reader, out.access_token);
    case code("it"): return read_secret(reader, out.id_token);
    case code("rt"): return read_secret(reader, out.refresh_token);
    case code("n"): return read_text(reader, out.nonce);
    case code("e"): return read_text(reader, out.email);
    case code("u"): return read_text(reader, out.user);
    case code("g"): return read_groups(reader, out.groups);
    case code("pu"): return read_text(reader, out.preferred_username);
    case code("ac"): return read_claims(reader, out.additional_claims);
    case code("pid"): return read_text(reader, out.provider_id);
    case code("ev"): return read_flag(reader, out.email_verified);
    case code("si"): return read_time(reader, out.signed_in_at);
    case code("la"): return read_time(reader, out.last_used);
    case code("ha"): return read_time(reader, data.changed_at);
    case code("hd"): return read_data(reader, data.values);
    case code("hp"): return read_secret(reader, out.password_mark);
    case code("gi"): {
      bool is_incomplete = false;
      if (!reader.read(is_incomplete)) return false;
      out.groups_complete = !is_incomplete;
      return true;
    }
  }
  return reader.skip();
}

// The key in an error's text, where it is one of ours and thus not text the other side chose.
std::string name_of(std::string_view key) {
  constexpr std::string_view known = " ca eo at it rt n e u g pu ac pid ev si gi hp la hd ha ";
  const auto spaced = " " + std::string(key) + " ";
  return known.find(spaced) == std::string_view::npos ? "a key" : std::string(key);
}

// Writes what is set behind a map header whose count is filled in at the end. Memory that it grows
// out of holds tokens, and is wiped.
class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out), writer_(out) { writer_.write_map(0); }

  void text(std::string_view key, std::string_view text) {
    if (!text.empty()) field(key, text.size()).write_text(text);
  }
  void binary(std::string_view key, std::string_view bytes) {
    if (!bytes.empty()) field(key, bytes.size()).write_binary(bytes);
  }
  void time(std::string_view key, const std::optional<Timestamp>& at) {
    if (at) field(key).write(msgpack::Time{at->seconds, at->nanos});
  }
  void flag(std::string_view key, bool value) { field(key).write(value); }

  // What stands in a field besides: an element of a list, a name of a map and its value.
  void element(std::string_view text) { with_room(text.size()).write_text(text); }
  void entry(std::string_view name, std::string_view bytes) {
    element(name);
    with_room(bytes.size()).write_binary(bytes);
  }
  void entry(std::string_view name, const msgpack::Value& value) {
    element(name);
    std::string written;
    Writer(written).write(value);
    with_room(written.size());
    out_.append(written);
  }

  void finish() {
    std::string header;
    Writer(header).write_map(num_keys_);
    with_room(header.size());
    out_.replace(0, 1, header);
  }

  Writer& field(std::string_view key, std::size_t size = 0) {
    ++num_keys_;
    auto& writer = with_room(key.size() + size);
    writer.write_text(key);
    return writer;
  }

 private:
  Writer& with_room(std::size_t size) {
    constexpr std::size_t around = 32;  // what heads and times take
    reserve_wiping(out_, out_.size() + size + around);
    return writer_;
  }

  std::string& out_;
  Writer writer_;
  std::size_t num_keys_ = 0;
};

}  // namespace

std::string write_record(const Session& session, RecordParts parts) {
  std::string out;
  const auto data = data_of(session);
  out.reserve(256 + 8 * data.size() + data_size(session) + session.access_token.size() +
              session.id_token.size() + session.refresh_token.size());
  RecordWriter record(out);
  record.time("ca", session.created_at);
  record.time("eo", session.expires_on);
  if (parts.tokens && session.password_mark.empty()) {
    record.text("at", session.access_token.reveal());
    record.text("it", session.id_token.reveal());
    record.text("rt", session.refresh_token.reveal());
  }
  record.binary("n", session.nonce);
  record.text("e", session.email);
  record.text("u", session.user);
  if (!session.groups.empty()) {
    auto& writer = record.field("g");
    writer.write_array(session.groups.size());
    for (const auto& group : session.groups) record.element(group);
  }
  record.text("pu", session.preferred_username);
  if (!session.additional_claims.empty()) {
    auto& writer = record.field("ac");
    writer.write_map(session.additional_claims.size());
    for (const auto& [name, value] : session.additional_claims) record.entry(name, value);
  }
  record.text("hp", session.password_mark.reveal());
  if (parts.extra_keys) {
    record.text("pid", session.provider_id);
    if (session.email_verified) record.flag("ev", *session.email_verified);
    record.time("si", session.signed_in_at);
    if (!session.groups_complete) record.flag("gi", true);
  } else if (parts.sign_in) {
    record.time("si", session.signed_in_at);
  }
  if (parts.last_use) record.time("la", session.last_used);
  if (!data.empty()) {
    auto& writer = record.field("hd");
    writer.write_map(data.size());
    for (const auto& [name, value] : data) record.entry(name, value);
  }
  record.time("ha", data_changed_at(session));
  record.finish();
  return out;
}

Result<Session> read_record(std::string_view record) {
  Session session;
  Reader reader(record);
  if (reader.take_nil()) {
    if (reader.at_end()) return session;  // Go's nil session
    return Error{Status::session_invalid, "the record has bytes behind its end"};
  }
  HostData data;
  std::size_t num_keys = 0;
  if (!reader.read_map(num_keys))
    return Error{Status::session_invalid, "the record is no MessagePack map"};
  for (; num_keys > 0; --num_keys) {
    std::string_view key;
    if (!reader.read(key))
      return Error{Status::session_invalid, "the record has a key that is no text"};
    if (!read_field(reader, key, session, data))
      return Error{Status::session_invalid, "the record cannot be read at " + name_of(key)};
  }
  if (!reader.at_end())
    return Error{Status::session_invalid, "the record has bytes behind its end"};
  if (data != HostData()) session.data = std::make_shared<const HostData>(std::move(data));
  return session;
}

}  // namespace gatelet::session
