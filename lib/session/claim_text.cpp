#include "session/claim_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <variant>

#include "session/claim_json.hpp"

namespace gatelet::session {
namespace {

// Plain decimal digits, however large, as few as read back the same.
std::string number_text(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 400> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed)
          .ptr;
  return {digits.data(), end};
}

// "2025-06-15 15:06:40.123456789 +0000 UTC", from the JSON form "2025-06-15T15:06:40.123456789Z".
std::string time_text(const std::optional<Timestamp>& at) {
  if (!at) return {};
  std::string text;
  write_claim_json(msgpack::Value(msgpack::Time{at->seconds, at->nanos}), text);
  if (text.size() < 3 || text.front() != '"') return {};
  text = text.substr(1, text.size() - 3) + " +0000 UTC";
  text[text.find('T')] = ' ';
  return text;
}

std::string json_text(const msgpack::Value& value) {
  std::string text;
  write_claim_json(value, text);
  return text;
}

std::string text_of(const msgpack::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data())) return *text;
  if (const auto* binary = std::get_if<msgpack::Binary>(&value.data())) return binary->bytes;
  if (const auto* number = std::get_if<double>(&value.data())) return number_text(*number);
  if (const auto* time = std::get_if<msgpack::Time>(&value.data())) {
    return time_text(Timestamp{time->seconds, time->nanos});
  }
  if (std::holds_alternative<std::nullptr_t>(value.data())) return {};
  return json_text(value);
}

}  // namespace

bool is_token_claim(std::string_view claim) noexcept {
  return claim == "access_token" || claim == "id_token" || claim == "refresh_token";
}

std::optional<std::string_view> plain_claim(const Session& session,
                                            std::string_view claim) noexcept {
  if (claim == "user") return session.user;
  if (claim == "email") return session.email;
  if (claim == "preferred_username") return session.preferred_username;
  if (claim == "access_token") return session.access_token.reveal();
  if (claim == "id_token") return session.id_token.reveal();
  if (claim == "refresh_token") return session.refresh_token.reveal();
  return std::nullopt;
}

std::vector<std::string> other_claim_texts(const Session& session, std::string_view claim) {
  if (claim == "created_at") return {time_text(session.created_at)};
  if (claim == "expires_on") return {time_text(session.expires_on)};
  const auto& all = session.additional_claims;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == claim; });
  if (found == all.end()) return {};
  const auto* list = std::get_if<msgpack::Array>(&found->second.data());
  if (list == nullptr) return {text_of(found->second)};
  std::vector<std::string> texts;
  for (const auto& element : *list) texts.push_back(text_of(element));
  return texts;
}

}  // namespace gatelet::session
