// Data that application code keeps in the session of a request.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/decide.hpp"

namespace gatelet::engine {

// Keeps `value` under `name` in the session behind the request's cookies. What decide() would say
// to the request follows: allow, with the cookies that carry the changed session where it is in
// cookies; 401 for nobody, 403 for whoever is not permitted.
//   Failure: Status::invalid_argument and data_too_large: nothing changed.
Result<Verdict> set_session_data(const Question& question, std::string_view name,
                                 std::string_view value);

// The same for a session that had to be renewed first: as it is presented now.
Result<Verdict> set_data_of(const Question& question, Presented presented, std::string_view name,
                            std::string_view value);

// The same once the store has the changed session; null: it has ended meanwhile.
Result<Verdict> decide_changed(const Question& question,
                               const Result<std::shared_ptr<const session::Session>>& changed);

}  // namespace gatelet::engine
