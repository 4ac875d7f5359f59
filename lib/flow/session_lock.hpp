// Taking turns, among all processes that share a store, at renewing one session.
#pragma once

#include <string>

#include <gatelet/ports.hpp>

#include "base/result.hpp"
#include "flow/flow.hpp"

namespace gatelet::flow {

// What tells one owner from another: 16 random bytes in base64url, as many as the reference's locks
// hold.
//   Failure: Status::no_entropy.
Result<std::string> lock_owner(Entropy&);

// Whether the lock is ours now, for 2 s, which the driver extends while the flow goes on. When it
// is another's, 50 ms have passed: ask again after looking whether that one has finished.
//   Failure: Status::store_unreachable.
Flow<bool> take_lock(std::string key, std::string owner);

// Whether the lock is still ours, for 2 s more then: it is another's, or nobody's, where this
// process was held up for longer than its lease, or the store has lost it.
//   Failure: Status::store_unreachable.
Flow<bool> keep_lock(std::string key, std::string owner);

}  // namespace gatelet::flow
