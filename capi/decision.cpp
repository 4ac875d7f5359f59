// Decisions, read.
#include <charconv>

#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

std::string seconds(const std::optional<std::chrono::sys_seconds>& at) {
  return at ? std::to_string(at->time_since_epoch().count()) : std::string();
}

std::string_view group(const Identity& identity, std::string_view number) noexcept {
  std::size_t i = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), i);
  return error == std::errc() && end == number.data() + number.size() ? identity.group(i)
                                                                      : std::string_view{};
}

// Fields that the session holds as text.
std::optional<std::string_view> plain_field(const Identity& identity,
                                            std::string_view name) noexcept {
  if (name == "provider") return identity.provider();
  if (name == "sub") return identity.subject();
  if (name == "user") return identity.user();
  if (name == "email") return identity.email();
  if (name == "preferred_username") return identity.preferred_username();
  if (name == "access_token") return identity.access_token();
  if (name == "id_token") return identity.id_token();
  if (name == "groups_complete") return identity.groups_complete() ? "true" : "false";
  if (name == "email_verified") {
    const auto verified = identity.email_verified();
    return !verified ? "" : *verified ? "true" : "false";
  }
  if (name.starts_with("groups.")) return group(identity, name.substr(7));
  if (name.starts_with("data.")) return identity.data(name.substr(5));
  return std::nullopt;
}

std::string composed_field(const Identity& identity, std::string_view name) {
  if (name == "authenticated_at") return seconds(identity.authenticated_at());
  if (name == "session_ends") return seconds(identity.session_ends());
  if (name.starts_with("claims.")) return identity.claim(name.substr(7)).value_or(std::string());
  return {};
}

}  // namespace

gatelet_decision::gatelet_decision(Decision made)
    : decision(std::move(made)), is_identity_only(false) {
  const std::span<const HeaderView> sets[] = {decision.strip(), decision.upstream(),
                                              decision.response()};
  for (std::size_t set = 0; set < 3; ++set) begin[set + 1] = begin[set] + sets[set].size();
  if (begin[3] == 0) return;
  headers = std::make_unique<gatelet_header[]>(begin[3]);
  auto* next = headers.get();
  for (const auto& set : sets) {
    for (const auto& field : set) *next++ = {to_c(field.name), to_c(field.value)};
  }
}

gatelet_decision::gatelet_decision(Identity who)
    : is_identity_only(true), own_identity(std::move(who)) {}

const Identity* gatelet_decision::identity() const noexcept {
  if (!is_identity_only) return decision.identity();
  return own_identity.has_session() ? &own_identity : nullptr;
}

int gatelet_decision_kind(const gatelet_decision* decision) {
  if (decision == nullptr) return GATELET_UNAUTHORIZED;
  if (decision->is_identity_only)
    return decision->identity() != nullptr ? GATELET_ALLOW : GATELET_UNAUTHORIZED;
  return static_cast<int>(decision->decision.kind());
}

int gatelet_decision_http_status(const gatelet_decision* decision) {
  if (decision == nullptr) return 401;
  if (decision->is_identity_only) return decision->identity() != nullptr ? 200 : 401;
  return decision->decision.http_status();
}

gatelet_str gatelet_decision_body(const gatelet_decision* decision) {
  return decision == nullptr ? gatelet_str{} : to_c(decision->decision.body());
}

gatelet_str gatelet_decision_reason(const gatelet_decision* decision) {
  if (decision == nullptr) return to_c(reason_code(Reason::undecided));
  if (decision->is_identity_only) {
    return to_c(
        reason_code(decision->identity() != nullptr ? Reason::session : Reason::no_session));
  }
  return to_c(reason_code(decision->decision.reason()));
}

gatelet_str gatelet_decision_detail(const gatelet_decision* decision) {
  return decision == nullptr ? gatelet_str{} : to_c(decision->decision.detail());
}

gatelet_str gatelet_decision_request_id(const gatelet_decision* decision) {
  return decision == nullptr ? gatelet_str{} : to_c(decision->decision.request_id());
}

const gatelet_header* gatelet_decision_headers(const gatelet_decision* decision, int set,
                                               size_t* num) {
  if (num != nullptr) *num = 0;
  if (decision == nullptr || set < GATELET_STRIP || set > GATELET_RESPONSE) return nullptr;
  const auto first = decision->begin[set];
  const auto count = decision->begin[set + 1] - first;
  if (num != nullptr) *num = count;
  return count == 0 ? nullptr : decision->headers.get() + first;
}

gatelet_str gatelet_decision_identity(const gatelet_decision* decision, gatelet_str field) {
  gatelet_str out{};
  guard(nullptr, [&]() -> Result<void> {
    const auto* identity = decision == nullptr || !is_text(field) ? nullptr : decision->identity();
    if (identity == nullptr) return {};
    const auto name = view(field);
    if (const auto plain = plain_field(*identity, name)) {
      out = to_c(*plain);
      return {};
    }
    const std::scoped_lock lock(decision->mutex);
    auto found = decision->composed.find(name);
    if (found == decision->composed.end()) {
      auto text = composed_field(*identity, name);
      if (text.empty()) return {};
      found = decision->composed.emplace(name, std::move(text)).first;
    }
    out = to_c(std::string_view(found->second));
    return {};
  });
  return out;
}

void gatelet_decision_release(gatelet_decision* decision) { delete decision; }
