#include "flow/session_lock.hpp"

#include <chrono>
#include <utility>

#include "base/base64url.hpp"
#include "crypto/random.hpp"

namespace gatelet::flow {
namespace {

using namespace std::chrono_literals;

// As the reference holds it, but for the pause: it asks every 10 ms.
constexpr Duration lease = 2s, pause = 50ms;
constexpr std::size_t owner_size = 16;  // random bytes

}  // namespace

Result<std::string> lock_owner(Entropy& entropy) {
  auto bytes = crypto::random_bytes(entropy, owner_size);
  if (!bytes.ok()) return std::move(bytes).error();
  return base64url::encode(*bytes);
}

Flow<bool> take_lock(std::string key, std::string owner) {
  auto call = StoreCall::lock(std::move(key), std::move(owner), lease);
  const auto reply = co_await std::move(call);
  if (!reply.is_owner) {
    Delay wait(pause);
    (void)co_await wait;
  }
  co_return reply.is_owner;
}

Flow<bool> keep_lock(std::string key, std::string owner) {
  auto call = StoreCall::extend(std::move(key), std::move(owner), lease);
  const auto reply = co_await std::move(call);
  co_return reply.is_owner;
}

}  // namespace gatelet::flow
