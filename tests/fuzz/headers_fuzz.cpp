// Identity headers: a request of "name:value" lines and a session of hostile values. After strip
// and inject no variant of a managed name survives but ours, and no CR, LF or NUL comes out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/answer.hpp"
#include "policy/identity_headers.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += upper ? static_cast<char>(c + 32) : plain ? c : '-';
  }
  return out;
}

bool is_managed(std::string_view name) {
  const auto text = folded(name);
  for (const auto* known : {"x-forwarded-user", "x-forwarded-groups", "x-forwarded-email",
                            "x-forwarded-preferred-username", "x-forwarded-access-token",
                            "gap-auth", "gap-signature"}) {
    if (text == known) return true;
  }
  return text.starts_with("x-auth-request-");
}

bool same_but_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return low(x) == low(y);
  });
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

bool holds_session(std::string_view cookies) {
  while (!cookies.empty()) {
    auto pair = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(pair.size() + 1, cookies.size()));
    while (pair.starts_with(' ') || pair.starts_with('\t')) pair.remove_prefix(1);
    if (pair.starts_with("__Host-gatelet=") || pair.starts_with("__Host-gatelet_0=")) return true;
  }
  return false;
}

void check_fields(std::span<const HeaderView> fields) {
  for (const auto& field : fields) {
    require(!field.name.empty());
    for (const auto text : {field.name, field.value}) {
      for (const char c : text) require(c != '\r' && c != '\n' && c != '\0');
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto options = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);

  policy::Policy policy;
  policy::HeaderSwitches on;
  on.pass_user_headers = (options & 1) == 0;
  on.pass_access_token = (options & 2) != 0;
  on.set_xauthrequest = (options & 4) != 0;
  on.prefer_email_to_user = (options & 8) != 0;
  on.pass_authorization_header = (options & 16) != 0;
  policy.headers.rules = policy::header_rules(on);

  session::Session session;
  session.user = take_line(text);
  session.email = take_line(text);
  session.preferred_username = take_line(text);
  session.groups = {std::string(take_line(text)), "staff"};
  session.access_token = Secret(take_line(text));
  session.id_token = session.access_token;
  // What no line can hold.
  std::replace(session.email.begin(), session.email.end(), '\x1e', '\n');
  std::replace(session.user.begin(), session.user.end(), '\x1e', '\r');

  std::vector<HeaderView> headers;
  while (!text.empty() && headers.size() < 64) {
    const auto line = take_line(text);
    const auto colon = std::min(line.find(':'), line.size());
    headers.push_back({line.substr(0, colon), line.substr(std::min(colon + 1, line.size()))});
  }
  policy::RequestFacts facts;
  facts.headers = headers;

  auto answer = policy::Answer::allow(Reason::session);
  const bool somebody = (options & 32) == 0;
  const policy::Whom whom{somebody ? &session : nullptr, (options & 64) == 0, false};
  (void)policy::add_request_headers(policy, "__Host-gatelet", facts, whom, answer);
  (void)policy::add_response_headers(policy, whom, answer);
  const auto decision = std::move(answer).finish();
  check_fields(decision.upstream());
  check_fields(decision.response());

  // What the host hands on: the request without the stripped names, and ours.
  for (const auto& field : headers) {
    const bool stripped =
        std::any_of(decision.strip().begin(), decision.strip().end(),
                    [&](const HeaderView& gone) { return same_but_case(gone.name, field.name); });
    const bool token =
        field.name.find_first_of(" \t\r\"(),/:;<=>?@[\\]{}") == std::string_view::npos &&
        std::all_of(field.name.begin(), field.name.end(),
                    [](char c) { return c > ' ' && c < '\x7f'; });
    // settle_request refuses names that are no token before anybody gets here.
    if (is_managed(field.name) && token) require(stripped);
    if (stripped && !is_managed(field.name)) {
      require(same_but_case(field.name, "Cookie") || same_but_case(field.name, "Connection") ||
              (on.pass_authorization_header && folded(field.name) == "authorization"));
    }
  }
  for (const auto& field : decision.upstream()) {
    const auto name = std::string(field.name);
    require(somebody || name == "Cookie" || name == "Connection");
    const auto same =
        std::count_if(decision.upstream().begin(), decision.upstream().end(),
                      [&](const HeaderView& f) { return folded(f.name) == folded(name); });
    require(same == 1 || name == "Cookie");
    if (name == "Connection") {
      std::string_view list = field.value;
      while (!list.empty()) {
        auto item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        while (item.starts_with(' ')) item.remove_prefix(1);
        require(!is_managed(item));
      }
    }
    if (name == "Cookie") require(!holds_session(field.value));
  }
  return 0;
}
