// The answers for what could not be decided.
#pragma once

#include <string_view>

#include <gatelet/decision.hpp>

#include "base/result.hpp"
#include "engine/question.hpp"

namespace gatelet::engine {

// The page for a request that settle_request refused: 400.
Decision refuse_request(const Snapshot& snapshot, const Error& error, std::string_view request_id,
                        Instant now);

// The page, or JSON, for an error: status_http of its status, never an allow; no cookie changes.
Decision failure_page(const Question& question, const Error& error);

// The same without a page, for an engine that may look at nothing of its own.
Decision bare_failure(const Error& error);

// The reason that goes with a status; internal_error for what no request can cause.
Reason reason_of(Status status) noexcept;

}  // namespace gatelet::engine
