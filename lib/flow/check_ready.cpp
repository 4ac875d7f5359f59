#include "flow/check_ready.hpp"

#include <utility>

#include "policy/pages.hpp"
#include "policy/request_id.hpp"

namespace gatelet::flow {
namespace {

Decision not_ready(const CheckReady& in, const Error& why) {
  policy::PageFacts page;
  page.facts = &in.request->facts();
  page.request_id = policy::request_id(in.context->policy, page.facts->headers);
  page.detail = page.error_text = why.text;
  return policy::error_page(in.context->policy, page, status_http(why.status),
                            Reason::store_unavailable, {});
}

}  // namespace

Flow<Decision> check_ready(CheckReady in) {
  auto call = StoreCall::get(in.context->session.cookie_name + "-ready");  // no ticket's
  const auto reply = co_await attempt(std::move(call));
  if (reply.ok()) co_return policy::ready();
  if (reply.error().status == Status::cancelled) co_return reply.error();
  co_return not_ready(in, reply.error());
}

}  // namespace gatelet::flow
