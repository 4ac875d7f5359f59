#include "engine/presented_password.hpp"

#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using Kind = PresentedPassword::Kind;

constexpr Duration remembered_for = 10min;

std::shared_ptr<const session::Session> session_of(const policy::PasswordPolicy& passwords,
                                                   const policy::Htpasswd::User& user,
                                                   Instant now) {
  auto session = std::make_shared<session::Session>();
  session->user = user.name;
  session->groups = passwords.groups;
  session->password_mark = user.mark;
  session->created_at = session->signed_in_at = session::to_timestamp(now);
  session->ends_at = session::to_timestamp(now + remembered_for);
  if (passwords.email_is_user) session->email = user.name;
  return session;
}

}  // namespace

PresentedPassword present_password(const Memory& memory, std::string_view name,
                                   std::string_view password, Instant now) {
  const auto& snapshot = *memory.snapshot;
  const auto& passwords = snapshot.context->policy.password;
  const auto* user = passwords.users ? passwords.users->find(name) : nullptr;
  PresentedPassword out;
  if (user != nullptr) {
    out.session = session_of(passwords, *user, now);
    out.hash = user->hash;
  } else if (passwords.users) {
    out.hash = passwords.users->decoy();
  }
  if (!out.hash) return out;
  if (const auto matches = out.hash->quick_match(password)) {
    out.kind = *matches && user != nullptr ? Kind::accepted : Kind::rejected;
    return out;
  }

  // The mark stands first: it settles the name, so that no two attempts look alike.
  auto attempt = snapshot.attempt_key->mac(
      {user != nullptr ? user->mark.reveal() : "", "\n", name, "\n", password});
  if (!attempt.ok()) return {};
  out.attempt = std::move(attempt).value();
  out.kind = Kind::unchecked;
  auto known = memory.sessions.find(TokenImage(out.attempt), snapshot.generation, now);
  if (user != nullptr && known) {
    out.session = std::move(known);
    out.kind = Kind::accepted;
  }
  return out;
}

void remember_password(const Memory& memory, const std::string& attempt,
                       std::shared_ptr<const session::Session> session, Instant now) {
  memory.sessions.insert(TokenImage(attempt), memory.snapshot->generation, std::move(session), now);
}

Presented behind_password(std::shared_ptr<const session::Session> session) {
  Presented presented;
  presented.session = std::move(session);
  presented.reason = Reason::basic;
  presented.in_authorization = true;
  return presented;
}

}  // namespace gatelet::engine
