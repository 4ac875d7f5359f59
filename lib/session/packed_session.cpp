#include "session/packed_session.hpp"

#include <string>
#include <utility>

#include "session/record.hpp"
#include "session/ticket.hpp"

namespace gatelet::session {
namespace {

using msgpack::Reader;
using msgpack::Writer;

bool read_end(Reader& reader, std::optional<Timestamp>& out) noexcept {
  if (reader.take_nil()) return true;
  msgpack::Time time{};
  if (!reader.read(time)) return false;
  out = Timestamp{time.seconds, time.nanos};
  return true;
}

bool read_ticket(Reader& reader, std::shared_ptr<const Ticket>& out) {
  if (reader.take_nil()) return true;
  std::string_view id, secret;
  if (!reader.read(id) || !reader.read(secret)) return false;
  out = std::make_shared<const Ticket>(Ticket{std::string(id), Secret(secret)});
  return true;
}

}  // namespace

// One behind the other: the end or nil, the ticket's id and secret or nil, the record as bytes.
Secret pack(const Session& session, std::string_view front) {
  auto record = write_record(session, {.tokens = true, .extra_keys = true, .last_use = true});
  std::string text;
  constexpr std::size_t around = 32;  // the end, and what says how long the others are
  text.reserve(around + front.size() + record.size() +
               (session.ticket ? session.ticket->id.size() + session.ticket->secret.size() : 0));
  text.append(front);
  Writer writer(text);
  if (session.ends_at) {
    writer.write(msgpack::Time{session.ends_at->seconds, session.ends_at->nanos});
  } else {
    writer.write_nil();
  }
  if (session.ticket) {
    writer.write_text(session.ticket->id);
    writer.write_binary(session.ticket->secret.reveal());
  } else {
    writer.write_nil();
  }
  writer.write_binary(record);
  wipe(record);
  Secret packed(text);
  wipe(text);
  return packed;
}

std::shared_ptr<const Session> unpack(std::string_view packed) {
  Reader reader(packed);
  std::optional<Timestamp> ends_at;
  std::shared_ptr<const Ticket> ticket;
  std::string_view record;
  if (!read_end(reader, ends_at) || !read_ticket(reader, ticket) || !reader.read(record)) {
    return nullptr;
  }
  auto session = read_record(record);
  if (!session.ok()) return nullptr;
  session->ends_at = ends_at;
  session->ticket = std::move(ticket);
  return std::make_shared<const Session>(std::move(session).value());
}

}  // namespace gatelet::session
