#include "io/host_store.hpp"

#include <algorithm>
#include <utility>

namespace gatelet::io {
namespace {

using What = flow::StoreCall::What;
using Condition = SessionStore::Condition;

Error unreachable_store(std::string_view why) {
  return {Status::store_unreachable, "the host's session store " + std::string(why)};
}

// The host's words as one line of bounded length.
Error failure_of(const Error& said) {
  constexpr std::size_t max_text = 256;
  auto text = said.text.substr(0, max_text);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return unreachable_store(text.empty() ? "failed" : "failed: " + text);
}

SessionStore::Write write_of(const flow::StoreCall& call, Condition condition) {
  SessionStore::Write write;
  write.key = call.key;
  write.condition = condition;
  write.value = call.value;
  write.lifetime = call.lifetime;
  return write;
}

// Only where the owner's own name is, which is what a lock holds.
SessionStore::Write write_as_owner(const flow::StoreCall& call) {
  auto write = write_of(call, Condition::same_there);
  write.expected = call.value;
  return write;
}

SessionStore::Write erasure(SessionStore::Write write) {
  write.value.reset();
  write.lifetime = {};
  return write;
}

// A record that is none of ours is not a store in trouble, whether the host gives it or says so.
Result<std::optional<std::string>> look(SessionStore& host, std::string_view key) {
  auto there = host.get(key);
  const bool is_too_large = there.ok() ? *there && (*there)->size() > HostStore::max_record_size
                                       : there.error().status == Status::session_too_large;
  if (is_too_large) {
    return Error{Status::session_too_large,
                 "a record in the host's session store has more than 1 MiB"};
  }
  if (!there.ok()) return failure_of(there.error());
  return there;
}

Result<bool> write(SessionStore& host, const SessionStore::Write& what) {
  auto held = host.write(what);
  if (!held.ok()) return failure_of(held.error());
  if (!*held && what.condition == Condition::always) {
    return unreachable_store("refused a write that has no condition");
  }
  return held;
}

// Looking costs less than a write, and is all that happens while somebody else has a lock. What
// was seen decides nothing: the write has it as its condition.
Result<bool> swap(SessionStore& host, const flow::StoreCall& call) {
  const auto there = look(host, call.key);
  if (!there.ok()) return there.error();
  const bool is_repeated = *there == call.value;
  if (!is_repeated && *there != call.expected) return false;
  auto what = write_of(call, *there ? Condition::same_there : Condition::nothing_there);
  if (*there) what.expected = **there;
  return write(host, what);
}

Result<flow::StoreReply> ask(SessionStore& host, const flow::StoreCall& call) {
  flow::StoreReply reply;
  const auto told = [&reply](Result<bool> held) -> Result<flow::StoreReply> {
    if (!held.ok()) return std::move(held).error();
    reply.was_there = reply.is_owner = *held;
    return std::move(reply);
  };
  switch (call.what) {
    case What::get: {
      auto there = look(host, call.key);
      if (!there.ok()) return std::move(there).error();
      reply.record = std::move(there).value();
      return reply;
    }
    case What::put: return told(write(host, write_of(call, Condition::always)));
    case What::replace: return told(write(host, write_of(call, Condition::something_there)));
    case What::swap:
    case What::lock: return told(swap(host, call));  // a lock expects nothing
    case What::erase: return told(write(host, erasure(write_of(call, Condition::always))));
    case What::extend: return told(write(host, write_as_owner(call)));
    case What::unlock: return told(write(host, erasure(write_as_owner(call))));
  }
  unreachable();
}

// Calls that leave nothing behind which somebody misses.
bool is_for_its_answer(What what) noexcept {
  return what == What::get || what == What::lock || what == What::extend;
}

bool is_too_large(const flow::StoreCall& call) noexcept {
  return call.key.size() > HostStore::max_key_size ||
         std::max(call.value.size(), call.expected ? call.expected->size() : 0) >
             HostStore::max_record_size;
}

// Every call of the host's code goes through here.
Result<flow::StoreReply> ask_host(SessionStore& host, const flow::StoreCall& call) {
  try {
    return ask(host, call);
  } catch (...) {  // its words may hold what must not be told
    return unreachable_store("threw an exception");
  }
}

}  // namespace

// Kept by the loop, while somebody waits, and by the worker, until the host has answered.
struct HostStore::Call {
  Call(Id i, flow::StoreCall w, Done d) : id(i), what(std::move(w)), done(std::move(d)) {}
  const Id id;
  const flow::StoreCall what;
  Done done;  // the loop's
  bool is_forgotten = false;
  Result<flow::StoreReply> reply = Error{Status::internal, {}};  // the loop's, once answered
};

HostStore::HostStore(std::shared_ptr<SessionStore> host, std::size_t max_waiting)
    : host_(std::move(host)), worker_(max_waiting) {}

HostStore::~HostStore() = default;

void HostStore::start(Id id, flow::StoreCall what, Done done) {
  if (is_too_large(what)) {
    return done(Error{Status::store_unreachable,
                      "a session of more than 1 MiB cannot be kept in the session store"});
  }
  const bool has_descriptor = [this] {
    const std::scoped_lock lock(mutex_);
    return ready_.get() >= 0;
  }();
  if (!has_descriptor) {
    return done(Error{Status::store_unreachable, "this process has no descriptor left"});
  }
  const auto call = std::make_shared<Call>(id, std::move(what), std::move(done));
  const auto taken = worker_.push([this, call] { make(call); });
  if (taken.ok()) return calls_.push_back(call);
  const bool is_full = taken.error().status == Status::too_many_operations;
  call->done(is_full ? Error{Status::too_many_operations,
                             "too many calls wait for the host's session store"}
                     : unreachable_store("has no thread: none can be made"));
}

void HostStore::make(const SharedCall& call) {
  if (is_for_its_answer(call->what.what)) {
    const std::scoped_lock lock(mutex_);
    if (call->is_forgotten) return;
  }
  auto reply = ask_host(*host_, call->what);
  const std::scoped_lock lock(mutex_);
  if (call->is_forgotten) return;
  call->reply = std::move(reply);
  answered_.push_back(call);
  ready_.set(true);
}

void HostStore::forget(Id id) {
  const auto place = std::find_if(calls_.begin(), calls_.end(),
                                  [id](const SharedCall& call) { return call->id == id; });
  if (place == calls_.end()) return;
  {
    const std::scoped_lock lock(mutex_);
    (*place)->is_forgotten = true;
  }
  calls_.erase(place);
}

void HostStore::add_waits(std::vector<SocketWait>& waits) {
  if (calls_.empty()) return;
  const std::scoped_lock lock(mutex_);
  waits.push_back({ready_.get(), true, false, false});
}

// Whoever is told may ask, or forget, again.
void HostStore::serve(std::span<const SocketWait>, Deadline) {
  std::vector<SharedCall> answered;
  {
    const std::scoped_lock lock(mutex_);
    answered.swap(answered_);
    ready_.set(false);
  }
  for (const auto& call : answered) {
    if (take_out(call)) call->done(std::move(call->reply));
  }
}

// False: it was forgotten.
bool HostStore::take_out(const SharedCall& call) {
  const auto place = std::find(calls_.begin(), calls_.end(), call);  // the first, as a rule
  if (place == calls_.end()) return false;
  calls_.erase(place);
  return true;
}

}  // namespace gatelet::io
