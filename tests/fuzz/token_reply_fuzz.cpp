// Answers of a token, refresh and userinfo endpoint: a success has what it must have and nothing
// that could break a header, and no error text repeats what the provider wrote.
//
// Input: the status as three digits, a line of header ("Name: value", may be empty), the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oidc/error_reply.hpp"
#include "oidc/refresh.hpp"
#include "oidc/token.hpp"
#include "oidc/userinfo.hpp"
#include "require.hpp"
#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;

namespace {

std::string_view take_line(std::string_view& rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

std::optional<HttpReply> reply_of(std::string_view input) {
  const auto digits = take_line(input);
  if (digits.size() != 3) return std::nullopt;
  int status = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    status = status * 10 + (c - '0');
  }
  auto reply = support::reply(status, "");
  const auto line = take_line(input);
  if (const auto colon = line.find(": "); colon != std::string_view::npos) {
    reply.fields.push_back(
        {std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
  }
  reply.body = input;
  return reply;
}

void check_text(const Error& error) {
  // Our own words: printable ASCII in one line, and short.
  require(error.text.size() < 400);
  for (const char c : error.text) require(c >= ' ' && c <= '~' && c != '<' && c != '\\');
}

bool is_printable(const Secret& token) {
  return std::all_of(token.reveal().begin(), token.reveal().end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

void check_tokens(const TokenSet& tokens, const HttpReply& reply) {
  require(reply.status >= 200 && reply.status <= 299);
  require(!tokens.access_token.empty());
  require(is_printable(tokens.access_token) && is_printable(tokens.id_token) &&
          is_printable(tokens.refresh_token));
  if (tokens.expires_in) {
    require(tokens.expires_in->count() >= 0 && tokens.expires_in->count() < 400'000'000);
  }
  require(!error_code(reply));
}

void check_refusal(const Error& error, const HttpReply& reply) {
  check_text(error);
  require(status_class(error.status) == StatusClass::peer ||
          error.status == Status::provider_unavailable);
  if (reply.status == 429 || reply.status >= 500) {
    require(error.status == Status::provider_unavailable);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto reply = reply_of({reinterpret_cast<const char*>(data), size});
  if (!reply) return 0;

  const auto login = read_token_reply(*reply);
  const auto refreshed = read_refresh_reply(*reply);
  if (login.ok()) {
    check_tokens(*login, *reply);
    require(!login->id_token.empty() && refreshed.ok());
  } else {
    check_refusal(login.error(), *reply);
    require(login.error().status != Status::grant_ended);
  }
  if (refreshed.ok()) {
    check_tokens(*refreshed, *reply);
  } else {
    check_refusal(refreshed.error(), *reply);
    if (refreshed.error().status == Status::grant_ended) {
      const auto code = error_code(*reply);
      require(code == "invalid_grant" || code == "invalid_client");
    }
  }

  const auto userinfo = read_userinfo_reply(*reply, "alice");
  if (userinfo.ok()) {
    const auto* subject = userinfo->find_string("sub");
    require(reply->status == 200 && subject != nullptr && *subject == "alice");
  } else {
    check_refusal(userinfo.error(), *reply);
  }
  if (const auto code = error_code(*reply)) require(is_error_code(*code));
  return 0;
}
