#include "io/redis_sentinel.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using End = RedisConnection::End;

constexpr Duration ask_every = std::chrono::milliseconds(500);
constexpr Duration ask_without_calls_at_least_every = std::chrono::seconds(1);
constexpr Duration ask_without_calls_at_most_every = std::chrono::milliseconds(100);
// Nobody has asked for so long: who the primary is may have changed meanwhile.
constexpr Duration believed_for = std::chrono::seconds(2);
// What calls wait for an answer where there is a primary that may still be the one.
constexpr Duration longest_doubt = std::chrono::milliseconds(250);

}  // namespace

RedisSentinel::RedisSentinel(RedisPlan plan, RedisServers& servers)
    : servers_(servers),
      terms_(std::move(plan.terms)),
      command_(primary_command(plan.primary_name)),
      inquiry_(
          {}, [this](RedisConnection& from, const RedisReply& reply) { return take(from, reply); },
          static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this))) {
  for (auto& one : plan.servers) sentinels_.push_back(&servers_.add(std::move(one)));
}

Result<RedisConnection*> RedisSentinel::choose(std::string_view, Deadline now,
                                               std::optional<Deadline> lost_at) {
  const bool is_due = !primary_ || must_ask_ || now - asked_at_ >= ask_every;
  if (is_due && inquiry_.may_begin(now)) ask(now);
  if (is_in_doubt(now)) return nullptr;
  if (!primary_) return inquiry_.problem();
  return primary_->choose(now, lost_at);
}

bool RedisSentinel::is_in_doubt(Deadline now) const {
  if (!inquiry_.is_under_way()) return false;
  if (!primary_) return true;
  const bool is_doubtful = must_ask_ || now - asked_at_ >= believed_for;
  return is_doubtful && now - inquiry_.began() < longest_doubt;
}

void RedisSentinel::ask(Deadline now) {
  const auto num_before = inquiry_.num_rounds();
  auto whom = sentinels_;
  is_certain_ = primary_ && !must_ask_;
  if (is_certain_) std::rotate(whom.begin(), whom.begin() + 1, whom.end());
  others_.clear();
  inquiry_.begin(std::move(whom), command_, now);
  note_end(num_before, now);
}

Result<void> RedisSentinel::take(RedisConnection& from, const RedisReply& reply) {
  if (reply.type == RedisReply::Type::error) return refusal(reply);
  if (reply.type == RedisReply::Type::nil) {
    return Error{Status::store_unreachable,
                 "a Sentinel knows no primary of this name (redis_sentinel_master_name)"};
  }
  const auto address = read_primary(reply);
  if (!address) {
    return Error{Status::malformed, "a Sentinel's answer is not the address of a primary"};
  }
  if (!counts(*address)) {
    return Error{Status::store_unreachable, "the Sentinels do not agree who the primary is"};
  }
  const auto is_it = [&from](const RedisPool* one) { return &one->endpoint() == &from.endpoint(); };
  const auto place = std::find_if(sentinels_.begin(), sentinels_.end(), is_it);
  std::rotate(sentinels_.begin(), place, sentinels_.end());
  return turn_to(*address);
}

// One alone that names another primary, while nothing is wrong with this one, may be cut off from
// the others, or the first to know: most of them must name it.
bool RedisSentinel::counts(const RedisAddress& address) {
  if (!is_certain_ || address == address_) return true;
  others_.push_back(address);
  const auto num_votes = std::count(others_.begin(), others_.end(), address);
  return static_cast<std::size_t>(2 * num_votes) > sentinels_.size();
}

Result<void> RedisSentinel::turn_to(const RedisAddress& address) {
  if (primary_ && address == address_) return {};
  auto endpoint = terms_.endpoint(address);
  if (!endpoint.ok()) return std::move(endpoint).error();
  // First what needs memory: without it the old one stays, whole.
  auto& next = servers_.add(std::move(endpoint).value());
  std::vector<RedisEndpoint> primaries = {next.endpoint()};
  auto next_address = address;
  if (primary_) {
    servers_.drop(*primary_, {Status::store_unreachable,
                              "the session store's primary was replaced while it was asked"});
  }
  primary_ = &next;
  address_ = std::move(next_address);
  set_primaries(std::move(primaries));
  return {};
}

Result<RedisAdvice> RedisSentinel::heed(const RedisReply& error, std::string_view,
                                        RedisConnection& from, Deadline) {
  if (error_word(error) != "READONLY") return RedisAdvice{};
  must_ask_ = true;
  from.close(End::lost, refusal(error));
  return RedisAdvice{RedisAdvice::What::wait};
}

void RedisSentinel::take_answer(Id id, RedisConnection& from, const RedisReply& reply,
                                Deadline now) {
  const auto num_before = inquiry_.num_rounds();
  inquiry_.take_answer(id, from, reply, now);
  note_end(num_before, now);
}

void RedisSentinel::take_lost(Id id, const Error& why, Deadline now) {
  const auto num_before = inquiry_.num_rounds();
  inquiry_.take_lost(id, why, now);
  note_end(num_before, now);
}

void RedisSentinel::serve(Deadline now) {
  const auto num_before = inquiry_.num_rounds();
  inquiry_.serve(now);
  note_end(num_before, now);
  const bool may_be_due = is_kept_current_ && primary_ && !inquiry_.is_under_way();
  if (may_be_due && now >= due_at()) ask(now);
}

void RedisSentinel::keep_current(Duration max_staleness) {
  is_kept_current_ = true;
  ask_without_calls_every_ = std::clamp<Duration>(
      max_staleness / 4, ask_without_calls_at_most_every, ask_without_calls_at_least_every);
}

Deadline RedisSentinel::due_at() const {
  const auto at = must_ask_ ? asked_at_ : asked_at_ + ask_without_calls_every_;
  return std::max(at, inquiry_.may_begin_at());
}

std::optional<Deadline> RedisSentinel::next_deadline() const {
  if (inquiry_.is_under_way()) return inquiry_.next_deadline();
  return is_kept_current_ && primary_ ? std::optional(due_at()) : std::nullopt;
}

void RedisSentinel::note_end(std::uint64_t num_before, Deadline now) {
  if (inquiry_.num_rounds() == num_before) return;
  asked_at_ = now;
  must_ask_ = false;
}

void RedisSentinel::note_closed(const RedisPool* pool, const RedisConnection& closed, Deadline) {
  if (pool != primary_ || closed.was_left()) return;
  must_ask_ = true;
  // Whoever named it does not know yet.
  if (closed.end() == End::replica) {
    std::rotate(sentinels_.begin(), sentinels_.begin() + 1, sentinels_.end());
  }
}

}  // namespace gatelet::io
