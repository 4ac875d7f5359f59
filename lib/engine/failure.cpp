#include "engine/failure.hpp"

#include <utility>

#include "policy/answer.hpp"
#include "policy/pages.hpp"

namespace gatelet::engine {

Decision refuse_request(const Snapshot& snapshot, const Error& error, std::string_view request_id,
                        Instant now) {
  policy::PageFacts page;
  page.request_id = request_id;
  page.arrived = now;
  page.detail = error.text;
  return policy::error_page(snapshot.context->policy, page, 400, Reason::bad_request,
                            "The request was refused: " + error.text + ".");
}

Decision failure_page(const Question& question, const Error& error) {
  auto page = page_facts(question);
  page.detail = page.error_text = error.text;
  if (question.own_method() == "GET") page.retry_url = question.facts.target;
  return policy::error_page(question.policy(), page, status_http(error.status),
                            reason_of(error.status), {});
}

Decision bare_failure(const Error& error) {
  auto answer = policy::Answer::own(status_http(error.status), reason_of(error.status));
  answer.no_store();
  return std::move(answer).finish();
}

Reason reason_of(Status status) noexcept {
  switch (status) {
    case Status::malformed:
    case Status::bad_request: return Reason::bad_request;
    case Status::bad_callback: return Reason::bad_callback;
    case Status::state_missing: return Reason::state_missing;
    case Status::state_mismatch: return Reason::state_mismatch;
    case Status::login_denied: return Reason::login_denied;
    case Status::issuer_mismatch: return Reason::issuer_mismatch;
    case Status::token_rejected:
    case Status::key_unknown: return Reason::token_rejected;
    case Status::provider_refused:
    case Status::provider_bad_answer: return Reason::provider_failed;
    case Status::grant_ended: return Reason::grant_ended;
    case Status::not_permitted: return Reason::not_permitted;
    case Status::vetoed: return Reason::vetoed;
    case Status::incomplete_identity: return Reason::incomplete_identity;
    case Status::session_invalid: return Reason::session_invalid;
    case Status::provider_unreachable:
    case Status::provider_unavailable:
    case Status::timed_out: return Reason::provider_unavailable;
    case Status::session_too_large: return Reason::session_too_large;
    case Status::store_unreachable: return Reason::store_unavailable;
    case Status::too_many_operations: return Reason::overloaded;
    case Status::cancelled: return Reason::cancelled;
    case Status::ok:
    case Status::pending:
    case Status::need_body:
    case Status::invalid_argument:
    case Status::invalid_state:
    case Status::forked:
    case Status::in_callback:
    case Status::data_too_large:
    case Status::unknown_option:
    case Status::invalid_value:
    case Status::invalid_configuration:
    case Status::unreadable_file:
    case Status::not_built:
    case Status::internal:
    case Status::out_of_memory:
    case Status::no_entropy: return Reason::internal_error;
  }
  return Reason::internal_error;  // a number that came through the C API
}

}  // namespace gatelet::engine
