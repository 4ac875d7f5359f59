// What every flow of one engine works with: settings, rules and keys, immutable and shared.
#pragma once

#include <memory>

#include <gatelet/ports.hpp>

#include "crypto/gcm.hpp"
#include "crypto/hash.hpp"
#include "policy/policy.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::flow {

// Part of a snapshot (engine/snapshot.hpp): a flow keeps the one it began with to its end.
struct Context {
  policy::Policy policy;
  session::SessionSettings session;
  std::shared_ptr<const session::CookieKeys> cookie_keys;
  std::shared_ptr<const crypto::Gcm> gcm;  // where there is a store
  std::shared_ptr<Entropy> entropy;
  std::shared_ptr<const crypto::Sha256> sha256 = std::make_shared<const crypto::Sha256>();
  std::shared_ptr<const SessionHooks> hooks;  // null: the host has none
  bool several_providers = false;             // callbacks carry the id, records keep it
};

}  // namespace gatelet::flow
