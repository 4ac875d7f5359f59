// The deny list in a store: read, and added to.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "session/deny_list.hpp"

namespace gatelet::flow {

using SharedDenyList = std::shared_ptr<const session::DenyList>;

// As it stands in the store; never null. What does not open there is nobody's denial, and left
// alone.
//   Failure: Status::store_unreachable, internal.
Flow<SharedDenyList> load_deny_list(std::shared_ptr<const Context> context);

class Deny {
 public:
  std::shared_ptr<const Context> context;
  std::vector<session::Denial> denials;
  explicit Deny(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Adds to it; the list as it then stands. A denial that does not say when it may be forgotten is
// kept for as long as a session of now can live.
//   Failure: Status::store_unreachable, too_many_operations when others write there again and
//   again, invalid_state when it is full; no_entropy or internal.
Flow<SharedDenyList> deny(Deny in);

}  // namespace gatelet::flow
