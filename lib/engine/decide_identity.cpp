#include "engine/decide_identity.hpp"

#include <optional>
#include <utility>

#include "engine/conclude.hpp"
#include "engine/decide_login.hpp"
#include "engine/presented_bearer.hpp"
#include "engine/presented_password.hpp"
#include "policy/bearer_credential.hpp"
#include "policy/pages.hpp"
#include "policy/password_credential.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;
using policy::PasswordCredential;

// Nobody needs to be known where everybody passes; else what is not known is no answer.
Result<Verdict> pass_or(const Question& question, Endpoint endpoint, Reason reason, Error unknown) {
  Presented nobody;
  nobody.reason = reason;
  if (auto pass = conclude_free_pass(question, endpoint, nobody)) return Verdict(std::move(*pass));
  return unknown;
}

// Nobody else is let in by a credential that is not accepted, not by the cookie beside it either,
// unless the settings say so.
bool falls_through(const Question& question) noexcept {
  const auto& bearer = question.policy().bearer;
  return bearer.login_fallback && bearer.falls_through;
}

Result<Verdict> decide_by_cookie(const Question& question, Endpoint endpoint) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (presented.needs_store) return Verdict(NeedLoad{std::move(presented.tickets)});
  if (presented.refresh_soon) question.notes.refresh_soon = presented.session;
  question.notes.deny_list_due = presented.deny_list_due;
  if (!presented.refresh_due) return decide_presented(question, endpoint, presented);
  auto provider = question.snapshot().provider(presented.session->provider_id);
  return Verdict(NeedRefresh{std::move(presented.session), std::move(provider), endpoint});
}

Result<Verdict> decide_wrong_password(const Question& question, Endpoint endpoint) {
  if (falls_through(question)) {
    question.notes.credential_ignored = true;
    return decide_by_cookie(question, endpoint);
  }
  Presented nobody;
  nobody.reason = Reason::basic_rejected;
  return decide_presented(question, endpoint, nobody);
}

Result<Verdict> decide_by_password(const Question& question, Endpoint endpoint,
                                   const PasswordCredential& credential) {
  if (!credential.basic) return decide_wrong_password(question, endpoint);
  auto presented = present_password(question.memory, credential.basic->user(),
                                    credential.basic->password(), question.now);
  switch (presented.kind) {
    case PresentedPassword::Kind::accepted:
      return decide_presented(question, endpoint, behind_password(std::move(presented.session)));
    case PresentedPassword::Kind::rejected: return decide_wrong_password(question, endpoint);
    case PresentedPassword::Kind::unchecked: break;
  }
  flow::CheckPassword check(std::move(presented.hash), Secret(credential.basic->password()));
  return Verdict(NeedPassword{
      std::move(check), std::move(presented.attempt), std::move(presented.session), endpoint, {}});
}

// The answer for a request that presents no token, or none that counts.
Result<Verdict> decide_without_token(const Question& question, Endpoint endpoint) {
  if (question.policy().password.enabled) {
    const auto credential = policy::password_credential(question.facts);
    if (credential.is_presented) return decide_by_password(question, endpoint, credential);
  }
  return decide_by_cookie(question, endpoint);
}

Result<Verdict> decide_rejected(const Question& question, Endpoint endpoint) {
  if (falls_through(question)) {
    question.notes.credential_ignored = true;
    return decide_without_token(question, endpoint);
  }
  Presented nobody;
  nobody.reason = Reason::bearer_rejected;
  if (question.policy().bearer.login_fallback) {
    return decide_presented(question, endpoint, nobody);
  }
  if (auto pass = conclude_free_pass(question, endpoint, nobody)) return Verdict(std::move(*pass));
  return Verdict(policy::error_page(question.policy(), page_facts(question), 403,
                                    Reason::bearer_rejected, {}));
}

Result<Verdict> decide_accepted(const Question& question, Endpoint endpoint,
                                std::shared_ptr<const session::Session> session) {
  question.notes.by_token = session;
  return decide_presented(question, endpoint, behind_token(std::move(session)));
}

// Absent: there is no token, or one that does not count.
std::optional<Presented> token_now(const Question& question) {
  if (!question.policy().bearer.enabled) return std::nullopt;
  const auto credential = policy::bearer_credential(question.facts);
  if (credential.kind == policy::BearerCredential::Kind::none) return std::nullopt;
  auto presented = present_bearer(question.memory, credential, question.now);
  if (presented.session) return behind_token(std::move(presented.session));
  return falls_through(question) ? std::nullopt : std::optional(Presented());
}

// The same for a password.
std::optional<Presented> password_now(const Question& question) {
  if (!question.policy().password.enabled) return std::nullopt;
  const auto credential = policy::password_credential(question.facts);
  if (!credential.is_presented) return std::nullopt;
  if (credential.basic) {
    auto presented = present_password(question.memory, credential.basic->user(),
                                      credential.basic->password(), question.now);
    if (presented.kind == PresentedPassword::Kind::accepted) {
      return behind_password(std::move(presented.session));
    }
  }
  return falls_through(question) ? std::nullopt : std::optional(Presented());
}

}  // namespace

Result<Verdict> decide_with_session(const Question& question, Endpoint endpoint) {
  if (!question.policy().bearer.enabled) return decide_without_token(question, endpoint);
  const auto credential = policy::bearer_credential(question.facts);
  if (credential.kind == policy::BearerCredential::Kind::none) {
    return decide_without_token(question, endpoint);
  }
  auto presented = present_bearer(question.memory, credential, question.now);
  switch (presented.kind) {
    case PresentedBearer::Kind::accepted:
      return decide_accepted(question, endpoint, std::move(presented.session));
    case PresentedBearer::Kind::rejected: return decide_rejected(question, endpoint);
    case PresentedBearer::Kind::unknown: break;
  }
  flow::VerifyBearer verify{Secret(credential.token())};
  verify.candidates = std::move(presented.candidates);
  return Verdict(NeedBearer{std::move(verify), endpoint});
}

Presented presented_now(const Question& question) {
  if (auto presented = token_now(question)) return std::move(*presented);
  if (auto presented = password_now(question)) return std::move(*presented);
  return present_session(question.memory, question.facts.headers, question.now);
}

Result<Verdict> decide_presented(const Question& question, Endpoint endpoint,
                                 const Presented& presented) {
  if (presented.trouble) return pass_or(question, endpoint, Reason::no_session, *presented.trouble);
  if (presented.session) {
    auto decision = conclude(question, endpoint, presented);
    if (!decision.ok()) return std::move(decision).error();
    return Verdict(std::move(decision).value());
  }
  if (auto pass = conclude_free_pass(question, endpoint, presented)) {
    return Verdict(std::move(*pass));
  }
  if (endpoint != Endpoint::none) return Verdict(conclude_nobody(question, presented));
  return ask_to_sign_in(question, presented);
}

Verdict decide_vetoed(const Question& question, Endpoint endpoint, const Error& why) {
  Presented nobody;
  nobody.reason = Reason::vetoed;
  nobody.clear_cookies = true;
  if (auto pass = conclude_free_pass(question, endpoint, nobody)) return std::move(*pass);
  auto page = page_facts(question);
  page.detail = page.error_text = why.text;
  return policy::error_page(question.policy(), page, 403, Reason::vetoed, {},
                            clear_session_cookies(question));
}

Result<Verdict> decide_verified(const Question& question, Endpoint endpoint,
                                Result<session::Session> verified) {
  if (verified.ok()) {
    return decide_accepted(question, endpoint,
                           std::make_shared<const session::Session>(std::move(verified).value()));
  }
  const auto status = verified.error().status;
  const bool is_judged = status == Status::token_rejected || status == Status::incomplete_identity;
  if (is_judged) return decide_rejected(question, endpoint);
  return pass_or(question, endpoint, Reason::bearer_rejected, std::move(verified).error());
}

Result<Verdict> decide_checked(const Question& question, const NeedPassword& need,
                               const Result<bool>& matches) {
  if (need.endpoint == Endpoint::sign_in) return decide_form_checked(question, need, matches);
  if (!matches.ok()) {
    return pass_or(question, need.endpoint, Reason::bearer_rejected, matches.error());
  }
  if (!*matches || !need.session) return decide_wrong_password(question, need.endpoint);
  remember_password(question.memory, need.attempt, need.session, question.now);
  return decide_presented(question, need.endpoint, behind_password(need.session));
}

}  // namespace gatelet::engine
