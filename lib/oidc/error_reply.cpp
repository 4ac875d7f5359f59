#include "oidc/error_reply.hpp"

#include <algorithm>
#include <charconv>

#include "json/reader.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::size_t max_code_size = 64;
constexpr std::size_t max_error_body_size = 64 * 1024;
constexpr int max_retry_seconds = 24 * 60 * 60;

bool is_code_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

std::string answered(const HttpReply& reply) {
  return "provider answered " + std::to_string(reply.status);
}

}  // namespace

bool is_error_code(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_code_size &&
         std::all_of(text.begin(), text.end(), is_code_character);
}

std::optional<std::string> error_code(const HttpReply& reply) {
  json::Limits limits;
  limits.max_size = max_error_body_size;
  const auto body = json::parse_object(reply.body, limits);
  if (!body.ok()) return std::nullopt;
  const auto* code = body->find_string("error");
  if (code == nullptr || !is_error_code(*code)) return std::nullopt;
  return *code;
}

std::optional<std::chrono::seconds> retry_after(const HttpReply& reply) noexcept {
  const auto text = reply.header("Retry-After");
  int seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds < 0 || seconds > max_retry_seconds) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::string error_code_text(const HttpReply& reply) {
  const auto code = error_code(reply);
  return code ? answered(reply) + " " + *code : answered(reply);
}

std::string retry_text(const HttpReply& reply) {
  const auto wait = retry_after(reply);
  if (!wait) return "provider is unavailable";
  return "provider asks to come back in " + std::to_string(wait->count()) + " s";
}

Error refusal(std::string_view exchange, const HttpReply& reply) {
  if (reply.status == 429 || reply.status == 503) {
    return prefixed(exchange, {Status::provider_unavailable, retry_text(reply)});
  }
  if (reply.status >= 500) {
    return prefixed(exchange, {Status::provider_unavailable, answered(reply)});
  }
  return prefixed(exchange, {Status::provider_refused, error_code_text(reply)});
}

}  // namespace gatelet::oidc
