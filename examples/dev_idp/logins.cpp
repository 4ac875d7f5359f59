#include "logins.hpp"

#include <utility>

#include "encoding.hpp"

namespace dev_idp {
namespace {

template <class Map>
std::optional<typename Map::mapped_type> look_up(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string Logins::begin(const AuthRequest& request) {
  const std::lock_guard lock(mutex_);
  auto id = random_name(16);
  attempts_[id].request = request;
  attempt_order_.push_back(id);
  if (attempt_order_.size() > max_attempts) {
    attempts_.erase(attempt_order_.front());
    attempt_order_.pop_front();
  }
  return id;
}

std::optional<Logins::Attempt> Logins::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return look_up(attempts_, id);
}

void Logins::choose(const std::string& id, const Session& session) {
  const std::lock_guard lock(mutex_);
  const auto found = attempts_.find(id);
  if (found != attempts_.end()) found->second.session = session;
}

std::optional<Logins::Attempt> Logins::finish(const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto attempt = look_up(attempts_, id);
  attempts_.erase(id);
  return attempt;
}

std::string Logins::open_session(const Session& session) {
  const std::lock_guard lock(mutex_);
  auto cookie = random_name();
  sessions_[cookie] = session;
  return cookie;
}

std::optional<Logins::Session> Logins::session(const std::string& cookie) const {
  const std::lock_guard lock(mutex_);
  return look_up(sessions_, cookie);
}

void Logins::consented(const std::string& cookie) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(cookie);
  if (found != sessions_.end()) found->second.has_consented = true;
}

void Logins::close_session(const std::string& cookie) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(cookie);
}

void Logins::close_sessions_of(const std::string& username) {
  const std::lock_guard lock(mutex_);
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    at = at->second.username == username ? sessions_.erase(at) : std::next(at);
  }
}

AutoAnswer Logins::auto_answer() const {
  const std::lock_guard lock(mutex_);
  return auto_answer_;
}

void Logins::set_auto_answer(const AutoAnswer& answer) {
  const std::lock_guard lock(mutex_);
  auto_answer_ = answer;
}

void Logins::clear() {
  const std::lock_guard lock(mutex_);
  attempts_.clear();
  attempt_order_.clear();
  sessions_.clear();
  auto_answer_ = {};
}

}  // namespace dev_idp
