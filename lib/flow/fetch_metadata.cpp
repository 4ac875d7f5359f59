#include "flow/fetch_metadata.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "oidc/discovery.hpp"

namespace gatelet::flow {
namespace {

// Before the second and the third try, at most; half of it at least.
constexpr std::array<Duration, 2> pauses = {400ms, 1200ms};

// Half of `pause` plus a random part of the other half, so that many processes that lost a provider
// at the same moment do not return at the same moment. Chance that cannot be had is no failure
// here.
Duration jittered(Duration pause, Entropy& entropy) {
  std::array<std::byte, 2> random{};
  if (!entropy.fill(random).ok()) return pause;
  const auto part =
      static_cast<std::int64_t>(random[0]) << 8 | static_cast<std::int64_t>(random[1]);
  return pause / 2 + pause / 2 * part / 0xffff;
}

// Trouble that may be over in a moment. What our own driver refuses is not the provider's trouble.
bool is_worth_retrying(const Result<HttpReply>& reply) noexcept {
  if (reply.ok()) return reply->status >= 500;
  const auto status = reply.error().status;
  return status == Status::provider_unreachable || status == Status::timed_out;
}

// A GET may be repeated (RFC 9110 section 9.2.2): two retries.
Flow<HttpReply> get(HttpCall call, std::shared_ptr<Entropy> entropy) {
  auto reply = co_await attempt(call);
  for (const auto pause : pauses) {
    if (!is_worth_retrying(reply)) break;
    Delay delay(jittered(pause, *entropy));
    co_await delay;
    reply = co_await attempt(call);
  }
  co_return reply;
}

Flow<oidc::Provider> discover(std::shared_ptr<const oidc::Provider> configured,
                              std::shared_ptr<Entropy> entropy) {
  if (!configured->discover) co_return oidc::provider_without_discovery(*configured);
  auto asking = get(oidc::discovery_request(*configured), std::move(entropy));
  auto reply = co_await std::move(asking);
  auto metadata = co_await oidc::read_discovery_reply(reply);
  co_return oidc::apply_metadata(*configured, metadata);
}

Flow<jose::KeySet> fetch_keys(std::shared_ptr<const oidc::Provider> provider,
                              std::shared_ptr<Entropy> entropy) {
  auto asking = get(oidc::jwks_request(*provider), std::move(entropy));
  auto reply = co_await std::move(asking);
  co_return oidc::read_jwks_reply(reply);
}

}  // namespace

Flow<oidc::ProviderState> fetch_metadata(FetchMetadata in) {
  oidc::ProviderState state = *in.current;
  if (!in.keys_only) {
    auto discovering = discover(in.configured, in.entropy);
    auto provider = co_await std::move(discovering);
    state.provider = std::make_shared<const oidc::Provider>(std::move(provider));
    state.has_metadata = true;
    state.metadata_at = co_await now();
  }
  if (state.provider->endpoints.jwks.empty()) co_return state;  // its keys come from files

  auto fetching = fetch_keys(state.provider, in.entropy);
  auto keys = co_await attempt(std::move(fetching));
  if (keys.ok()) {
    state.keys = std::move(keys).value();
    state.has_keys = true;
    state.keys_at = co_await now();
  } else if (in.keys_only) {
    co_return std::move(keys).error();  // nothing is new
  }
  co_return state;
}

}  // namespace gatelet::flow
