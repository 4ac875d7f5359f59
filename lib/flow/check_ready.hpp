// Whether sessions can be had: the answer of ready_path where they are in a store.
#pragma once

#include <memory>

#include <gatelet/decision.hpp>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "policy/owned_request.hpp"

namespace gatelet::flow {

class CheckReady {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const policy::OwnedRequest> request;
  explicit CheckReady(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// 200 when the store answers a question, 503 when it does not.
//   Failure: Status::cancelled.
Flow<Decision> check_ready(CheckReady in);

}  // namespace gatelet::flow
