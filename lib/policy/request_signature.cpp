#include "policy/request_signature.hpp"

#include <string>

#include "http/header.hpp"

namespace gatelet::policy {

bool signs_body(const Policy& policy, std::span<const HeaderView> headers) noexcept {
  if (!policy.headers.signer) return false;
  const auto* size = http::find_header(headers, "Content-Length");
  return (size != nullptr && size->value != "0") ||
         http::find_header(headers, "Transfer-Encoding") != nullptr;
}

bool add_signature(const Policy& policy, const RequestFacts& facts, const Whom& whom, Answer& out) {
  const auto& signer = policy.headers.signer;
  if (!signer) return true;
  bool whole = true;
  if (whom.session != nullptr) {
    const auto& who = whom.session->email.empty() ? whom.session->user : whom.session->email;
    if (!who.empty()) whole = out.upstream("GAP-Auth", who);
  }
  const auto& request = *facts.request;
  auto signature =
      signer->sign({request.method, request.target, request.body.value_or(std::string_view())},
                   [&](std::string_view name) { return out.upstream_value(name, facts.headers); });
  return signature.ok() && out.upstream("GAP-Signature", out.keep(std::move(*signature))) && whole;
}

}  // namespace gatelet::policy
