#include "io/redis_inquiry.hpp"

#include <algorithm>
#include <utility>

#include "io/redis_route.hpp"

namespace gatelet::io {

RedisInquiry::RedisInquiry(Limits limits, Take take, std::uint32_t seed)
    : limits_(limits), take_(std::move(take)), jitter_(seed) {}

void RedisInquiry::begin(std::vector<RedisPool*> whom, std::string command, Deadline now) {
  is_under_way_ = true;
  whom_ = std::move(whom);
  command_ = std::move(command);
  next_ = 0;
  began_ = now;
  ends_ = now + limits_.patience;
  problem_ = {Status::store_unreachable,
              "the session store cannot be reached: nobody can be asked"};
  ask_next(now);
}

void RedisInquiry::ask_next(Deadline now) {
  next_at_ = ends_;
  while (next_ < whom_.size()) {
    auto chosen = whom_[next_++]->choose(now);
    if (!chosen.ok()) {
      problem_ = std::move(chosen).error();
      continue;
    }
    const auto id = RedisRoute::own_ids | ++last_;
    asked_.push_back({id, *chosen});
    (*chosen)->send(id, command_, now, ends_ - now, RedisConnection::Manner::listing);
    if (next_ < whom_.size()) next_at_ = now + limits_.head_start;
    return;
  }
  if (asked_.empty()) end(false, now);
}

bool RedisInquiry::remove(Id id) {
  return std::erase_if(asked_, [id](const Asked& one) { return one.id == id; }) > 0;
}

void RedisInquiry::take_answer(Id id, RedisConnection& from, const RedisReply& reply,
                               Deadline now) {
  if (!remove(id)) return;
  auto taken = take_(from, reply);
  if (taken.ok()) return end(true, now);
  problem_ = {Status::store_unreachable, taken.error().text};
  if (taken.error().status == Status::malformed) from.disbelieve(problem_);
  ask_next(now);
}

void RedisInquiry::take_lost(Id id, const Error& why, Deadline now) {
  if (!remove(id)) return;
  problem_ = why;
  ask_next(now);
}

void RedisInquiry::serve(Deadline now) {
  if (!is_under_way_) return;
  if (now >= ends_) return end(false, now);
  if (now >= next_at_) ask_next(now);
}

std::optional<Deadline> RedisInquiry::next_deadline() const {
  return is_under_way_ ? std::optional(next_at_) : std::nullopt;
}

// A connection may be gone, where what became of it could not be told.
void RedisInquiry::withdraw_all() {
  for (const auto* pool : whom_) {
    for (const auto& connection : pool->connections()) {
      for (const auto& one : asked_) {
        if (one.connection == connection.get()) connection->withdraw(one.id);
      }
    }
  }
  asked_.clear();
}

void RedisInquiry::end(bool is_well, Deadline now) {
  withdraw_all();
  whom_.clear();
  is_under_way_ = false;
  ++num_rounds_;
  if (is_well) {
    num_failures_ = 0;
    may_begin_at_ = now + limits_.rest;
    return;
  }
  const auto doubled = limits_.first_pause * (1 << std::min(num_failures_++, 10U));
  const auto pause = std::min<Duration>(doubled, limits_.longest_pause);
  std::uniform_int_distribution<Duration::rep> some(pause.count() / 2, pause.count());
  may_begin_at_ = now + Duration(some(jitter_));
}

}  // namespace gatelet::io
