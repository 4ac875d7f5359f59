// Fields of what a store holds beside the sessions: the session index and the deny list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "session/msgpack.hpp"
#include "session/session.hpp"

namespace gatelet::session::msgpack {

inline void write_time(Writer& writer, const std::optional<Timestamp>& at) {
  if (!at) return writer.write_nil();
  writer.write(Time{at->seconds, at->nanos});
}

inline bool read_time(Reader& reader, Timestamp& out) noexcept {
  Time time{};
  if (!reader.read(time)) return false;
  out = {time.seconds, time.nanos};
  return true;
}

inline bool read_time(Reader& reader, std::optional<Timestamp>& out) noexcept {
  if (reader.take_nil()) return true;
  return read_time(reader, out.emplace());
}

inline bool read_text(Reader& reader, std::string& out) {
  std::string_view text;
  if (!reader.read(text)) return false;
  out = text;
  return true;
}

}  // namespace gatelet::session::msgpack
