// Who is signed in at the provider itself, and which authorization requests wait for a person.
// Safe to use from every thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "grants.hpp"

namespace dev_idp {

// How requests are answered without a person: switched by a test (POST /dev/answer).
struct AutoAnswer {
  std::string username;  // empty: ask the person
  bool denies = false;
};

class Logins {
 public:
  struct Session {
    std::string username;
    long authenticated_at = 0;
    bool has_consented = false;
  };
  struct Attempt {
    AuthRequest request;
    Session session;  // of this attempt; an empty user name until somebody was chosen
  };

  std::string begin(const AuthRequest& request);
  std::optional<Attempt> find(const std::string& id) const;
  void choose(const std::string& id, const Session& session);
  std::optional<Attempt> finish(const std::string& id);  // an attempt ends once

  std::string open_session(const Session& session);  // the cookie's value
  std::optional<Session> session(const std::string& cookie) const;
  void consented(const std::string& cookie);
  void close_session(const std::string& cookie);
  void close_sessions_of(const std::string& username);

  AutoAnswer auto_answer() const;
  void set_auto_answer(const AutoAnswer& answer);

  void clear();

 private:
  static constexpr std::size_t max_attempts = 1000;

  mutable std::mutex mutex_;
  std::map<std::string, Attempt> attempts_;
  std::deque<std::string> attempt_order_;
  std::map<std::string, Session> sessions_;
  AutoAnswer auto_answer_;
};

}  // namespace dev_idp
