#include "policy/force_https.hpp"

#include <string>
#include <utility>

#include "http/authority.hpp"
#include "policy/answer.hpp"

namespace gatelet::policy {

std::optional<Decision> force_https(const Policy& policy, const RequestFacts& facts) {
  if (!policy.force_https || facts.scheme != "http") return std::nullopt;
  const auto authority = http::parse_authority(facts.host);
  auto answer = Answer::own(authority ? 308 : 400, Reason::https_required);
  answer.no_store();  // the browser may keep a 308 for ever: the operator may not
  if (authority) {
    answer.response("Location", answer.join({"https://", authority->host, facts.target}));
  }
  return std::move(answer).finish();
}

}  // namespace gatelet::policy
