#include "engine/presented_bearer.hpp"

#include <optional>
#include <string>
#include <utility>

#include "flow/verify_bearer.hpp"
#include "oidc/bearer.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using Kind = PresentedBearer::Kind;
using State = std::shared_ptr<const oidc::ProviderState>;

// New settings and new keys are each reason to verify anew.
std::uint64_t token_generation(const Snapshot& snapshot) noexcept {
  return snapshot.generation << 32 ^ snapshot.num_updates;
}

// The issuer a token claims, read when it is first asked for.
class ClaimedIssuer {
 public:
  explicit ClaimedIssuer(std::string_view token) noexcept : token_(token) {}
  bool fits(const oidc::Provider& provider) {
    if (provider.insecure_any_issuer) return true;
    if (!issuer_) issuer_ = oidc::claimed_issuer(token_);
    return *issuer_ == provider.issuer;
  }

 private:
  std::string_view token_;
  std::optional<std::string> issuer_;
};

// One after the other; ends with the first that accepts the token.
class Trial {
 public:
  Trial(std::string_view token, Instant now) noexcept : token_(token), issuer_(token), now_(now) {}

  void try_all(const std::vector<State>& states, bool is_only_one) {
    for (const auto& state : states) {
      if (out_.kind == Kind::accepted) return;
      // With one signer its own verification says whether it is the issuer.
      if (is_only_one || issuer_.fits(*state->provider)) try_one(state);
    }
  }

  PresentedBearer finish() && {
    if (out_.kind != Kind::accepted && !out_.candidates.empty()) out_.kind = Kind::unknown;
    return std::move(out_);
  }

 private:
  void try_one(const State& known) {
    auto state = without_old_keys(known, now_);
    if (state->has_metadata && state->has_keys) {
      auto session = flow::bearer_session(*state->provider, state->keys, token_, now_);
      if (session.ok()) {
        out_.kind = Kind::accepted;
        out_.session = std::make_shared<const session::Session>(std::move(session).value());
        return;
      }
      if (session.error().status != Status::key_unknown) return;
    }
    // Nobody is asked because of a token that is another's.
    if (issuer_.fits(*state->provider)) out_.candidates.push_back(std::move(state));
  }

  std::string_view token_;
  ClaimedIssuer issuer_;
  Instant now_;
  PresentedBearer out_;
};

}  // namespace

PresentedBearer present_bearer(const Memory& memory, const policy::BearerCredential& credential,
                               Instant now) {
  if (credential.kind != policy::BearerCredential::Kind::token) return {};
  const auto& snapshot = *memory.snapshot;
  const auto token = credential.token();
  const TokenImage image(token);
  const auto generation = token_generation(snapshot);
  if (auto known = memory.sessions.find(image, generation, now)) {
    return {Kind::accepted, std::move(known), {}};
  }

  Trial trial(token, now);
  const bool is_only_one = snapshot.providers.size() + snapshot.token_issuers.size() == 1;
  trial.try_all(snapshot.providers, is_only_one);
  trial.try_all(snapshot.token_issuers, is_only_one);
  auto presented = std::move(trial).finish();
  if (presented.session) memory.sessions.insert(image, generation, presented.session, now);
  return presented;
}

Presented behind_token(std::shared_ptr<const session::Session> session) {
  Presented presented;
  presented.session = std::move(session);
  presented.reason = Reason::bearer;
  presented.in_authorization = true;
  return presented;
}

}  // namespace gatelet::engine
