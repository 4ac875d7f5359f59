#include <gatelet/identity.hpp>

#include <algorithm>
#include <utility>

#include "session/claim_json.hpp"
#include "session/host_data.hpp"
#include "session/session.hpp"
#include "session/subject.hpp"

namespace gatelet {
namespace {

using session::Session;
using session::msgpack::Value;

// Of several claims of one name the last counts, as in a map that was filled from them.
const Value* find_claim(const Session& session, std::string_view name) noexcept {
  const auto& claims = session.additional_claims;
  const auto found = std::find_if(claims.rbegin(), claims.rend(),
                                  [&](const auto& claim) { return claim.first == name; });
  return found == claims.rend() ? nullptr : &found->second;
}

std::optional<std::chrono::sys_seconds> moment(
    const std::optional<session::Timestamp>& at) noexcept {
  if (!at) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(at->seconds));
}

}  // namespace

inline namespace GATELET_CXX_ABI {

Identity::Identity(std::shared_ptr<const Session> session) noexcept
    : session_(std::move(session)) {}

std::string_view Identity::provider() const noexcept {
  return session_ ? session::provider_of(*session_) : std::string_view();
}

std::string_view Identity::subject() const noexcept {
  return session_ ? session::subject_id_of(*session_) : std::string_view();
}

std::string_view Identity::user() const noexcept {
  return session_ ? std::string_view(session_->user) : std::string_view();
}

std::string_view Identity::email() const noexcept {
  return session_ ? std::string_view(session_->email) : std::string_view();
}

std::optional<bool> Identity::email_verified() const noexcept {
  return session_ ? session_->email_verified : std::nullopt;
}

std::string_view Identity::preferred_username() const noexcept {
  return session_ ? std::string_view(session_->preferred_username) : std::string_view();
}

std::size_t Identity::num_groups() const noexcept { return session_ ? session_->groups.size() : 0; }

std::string_view Identity::group(std::size_t i) const noexcept {
  return i < num_groups() ? std::string_view(session_->groups[i]) : std::string_view();
}

bool Identity::groups_complete() const noexcept { return session_ && session_->groups_complete; }

std::optional<std::string> Identity::claim(std::string_view name) const {
  const auto* value = session_ ? find_claim(*session_, name) : nullptr;
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&value->data())) return *text;
  std::string json;
  session::write_claim_json(*value, json);
  return json;
}

std::optional<std::chrono::sys_seconds> Identity::authenticated_at() const noexcept {
  if (!session_) return std::nullopt;
  return moment(session_->signed_in_at ? session_->signed_in_at : session_->created_at);
}

std::optional<std::chrono::sys_seconds> Identity::session_ends() const noexcept {
  return session_ ? moment(session_->ends_at) : std::nullopt;
}

std::string_view Identity::data(std::string_view name) const noexcept {
  return session_ ? session::find_data(*session_, name) : std::string_view();
}

std::string_view Identity::access_token() const noexcept {
  return session_ ? session_->access_token.reveal() : std::string_view();
}

std::string_view Identity::id_token() const noexcept {
  return session_ ? session_->id_token.reveal() : std::string_view();
}

}  // namespace GATELET_CXX_ABI

}  // namespace gatelet
