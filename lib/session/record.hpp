// The session record: a Session as a MessagePack map, key by key as oauth2-proxy writes it (table
// in README.md).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// What of a session goes into its record.
struct RecordParts {
  bool tokens = true;      // access, ID and refresh token
  bool extra_keys = true;  // pid, ev, si, gi: beyond oauth2-proxy's record, ignored by its reader
  bool sign_in = false;    // si, though there are no extra keys
  bool last_use = false;   // la
};

// The map of what is set, with the host's data in any case: empty texts and lists, and times that
// are not set, are left out. Holds tokens; wipe it after use.
std::string write_record(const Session& session, RecordParts parts);

// Reads a record whole. Unknown keys are stepped over; of a repeated key the last counts; nil
// stands for absent. Nothing is allocated before a count or size was checked against the bytes that
// are there, and lists and maps are capped as session/msgpack.hpp says.
//   Failure: Status::session_invalid; the text names the key of ours that could not be read.
Result<Session> read_record(std::string_view record);

}  // namespace gatelet::session
