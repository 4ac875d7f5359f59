// Everything a flow can ask of the outside, as data, and a flow as its driver sees it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/password.hpp"
#include "http/call.hpp"

namespace gatelet::oidc {
struct ProviderState;
}

namespace gatelet::flow {

// Wait this long.
class Delay {
 public:
  explicit Delay(Duration d) noexcept : duration(d) {}
  Duration duration;
};

// Bring this provider's metadata or keys up to date, once for everybody who asks (single-flight,
// with a budget).
class Refetch {
 public:
  enum class What : unsigned char { metadata, keys };
  Refetch(std::string id, What w) : provider_id(std::move(id)), what(w) {}
  std::string provider_id;
  What what;
};

// Compare a password with a hash that takes its time, off the driver's thread.
class PasswordCheck {
 public:
  PasswordCheck(std::shared_ptr<const crypto::PasswordHash> h, Secret p)
      : hash(std::move(h)), password(std::move(p)) {}
  std::shared_ptr<const crypto::PasswordHash> hash;
  Secret password;
};

// Ask the session store for one thing. What it keeps is sealed: a store opens no record. Each may
// be sent again by whoever had no answer: doing it twice is doing it once.
class StoreCall {
 public:
  enum class What : unsigned char {
    get,      // fails with Status::session_too_large where the record is larger than any of ours
    put,      // `value` under `key`, whatever was there, for `lifetime`; zero: for good
    replace,  // the same, but only where something is
    swap,     // the same, but only where `expected` is (those very bytes, or nothing), or already
              // `value`
    erase,    // also where nothing is
    lock,     // `key` for the owner `value`, unless somebody has it, until `lifetime` has passed
    extend,   // the owner's lock lasts `lifetime` from now
    unlock,   // if it is still the owner's
  };
  static StoreCall get(std::string key) { return {What::get, std::move(key), {}, {}}; }
  static StoreCall put(std::string key, std::string record, Duration lifetime) {
    return {What::put, std::move(key), std::move(record), lifetime};
  }
  static StoreCall replace(std::string key, std::string record, Duration lifetime) {
    return {What::replace, std::move(key), std::move(record), lifetime};
  }
  static StoreCall swap(std::string key, std::optional<std::string> expected, std::string record,
                        Duration lifetime) {
    StoreCall call(What::swap, std::move(key), std::move(record), lifetime);
    call.expected = std::move(expected);
    return call;
  }
  static StoreCall erase(std::string key) { return {What::erase, std::move(key), {}, {}}; }
  static StoreCall lock(std::string key, std::string owner, Duration lease) {
    return {What::lock, std::move(key), std::move(owner), lease};
  }
  static StoreCall extend(std::string key, std::string owner, Duration lease) {
    return {What::extend, std::move(key), std::move(owner), lease};
  }
  static StoreCall unlock(std::string key, std::string owner) {
    return {What::unlock, std::move(key), std::move(owner), {}};
  }

  What what;
  std::string key, value;
  std::optional<std::string> expected;  // of swap; absent: nothing
  Duration lifetime;

 private:
  StoreCall(What w, std::string k, std::string v, Duration l)
      : what(w), key(std::move(k)), value(std::move(v)), lifetime(l) {}
};

// Ask the host's hook, on a thread of the host's. The failure Status::vetoed is what it has against
// it; so is that it threw, or that nobody came to call it in time.
class HookCall {
 public:
  HookCall(std::shared_ptr<const SessionHook> h, SessionEvent e)
      : hook(std::move(h)), event(std::move(e)) {}
  std::shared_ptr<const SessionHook> hook;
  SessionEvent event;
};

using Effect = std::variant<HttpCall, Delay, Refetch, PasswordCheck, StoreCall, HookCall>;

// What came of an effect, and when.
struct Elapsed {};
struct Refetched {
  std::shared_ptr<const oidc::ProviderState> state;  // the newest there is
};
struct PasswordChecked {
  bool matches = false;
};
struct StoreReply {
  std::optional<std::string> record;  // of get; absent: there is none
  bool was_there = false;             // of replace and swap: what had to be there was; it is done
  bool is_owner = false;              // of lock, extend, unlock: the lock is, or was, the owner's
};
struct HookPassed {};
// The alternative that belongs to the effect.
using Outcome =
    std::variant<HttpReply, Elapsed, Refetched, PasswordChecked, StoreReply, HookPassed>;

class Reply {
 public:
  Reply(Result<Outcome> o, Instant a) : outcome(std::move(o)), arrived(a) {}
  Result<Outcome> outcome;
  Instant arrived;
};

// A flow as its driver sees it: give it time, take the next effect, feed the reply.
class Task {
 public:
  virtual ~Task() = default;

  // Runs to the first effect; nullopt: the flow has ended and its result is delivered to whoever
  // made the task.
  virtual std::optional<Effect> start(Instant now) = 0;
  // Requires that the last start or resume returned an effect.
  virtual std::optional<Effect> resume(Reply reply) = 0;

  // The flow can no longer be continued (cancelled, past its deadline, driver ended): delivers
  // `why`. Called instead of resume, at most once.
  virtual void abandon(Error why) = 0;

  // A code or a refresh token has left, or what came of one is in hand: cancel and deadline detach
  // the caller, the flow itself runs to its end.
  virtual bool must_finish() const noexcept = 0;
};

}  // namespace gatelet::flow
