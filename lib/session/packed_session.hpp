// A session in few bytes: one text in place of an object of many. For this process's memory only;
// what leaves it is a record or a cookie.
#pragma once

#include <memory>
#include <string_view>

#include "base/secret.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// All of a session behind `front`: its record, its ticket, and when it ends.
Secret pack(const Session&, std::string_view front = {});

// The session that was packed, its parts equal. Null for what is too much to be read back: records
// have caps (session/msgpack.hpp), sessions that were never in one have none.
//   Requires: `packed` is what pack put behind its front.
std::shared_ptr<const Session> unpack(std::string_view packed);

}  // namespace gatelet::session
