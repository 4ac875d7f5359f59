// Claims: what is accepted satisfies every expectation by a second, plainer reading of the rules.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "jose/claims.hpp"
#include "json/reader.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

constexpr std::int64_t now = 1767225600;  // 2026-01-01T00:00:00Z

jose::Expectations expectations(unsigned choice) {
  jose::Expectations expect;
  expect.issuer = "https://idp.example";
  expect.audiences = {"c"};
  expect.authorized_party = "c";
  expect.algorithms = {jose::Algorithm::rs256};
  if ((choice & 1) != 0) expect.nonce = "n1";
  if ((choice & 2) != 0) expect.access_token = "access";
  if ((choice & 4) != 0) expect.audiences.emplace_back("x");
  return expect;
}

bool is_text(const json::Value& claims, const char* name, std::string_view expected) {
  const auto* value = claims.find_string(name);
  return value != nullptr && *value == expected;
}

double seconds(const json::Value& claims, const char* name) {
  const auto* value = claims.find(name);
  require(value != nullptr && value->number() != nullptr);
  return std::strtod(value->number()->text.c_str(), nullptr);
}

void check_audience(const json::Value& claims, const jose::Expectations& expect) {
  const auto& names = expect.audiences;
  const auto is_listed = [&](const std::string* name) {
    return name != nullptr && std::find(names.begin(), names.end(), *name) != names.end();
  };
  const auto& aud = *claims.find("aud");
  if (aud.string() != nullptr) {
    require(is_listed(aud.string()));
  } else {
    const auto& list = *aud.array();
    require(std::any_of(list.begin(), list.end(),
                        [&](const auto& one) { return is_listed(one.string()); }));
    require(list.size() == 1 || is_text(claims, "azp", "c"));
    for (const auto& one : list)
      require(one.string() != nullptr &&
              (list.size() == 1 || names.size() == 1 || is_listed(one.string())));
  }
  require(claims.find("azp") == nullptr || is_text(claims, "azp", "c"));
}

void check(const json::Value& claims, unsigned choice) {
  const auto expect = expectations(choice);
  const auto result = jose::check_claims(claims, expect, jose::Algorithm::rs256, at_unix(now));
  if (!result) {
    require(result.error().status == Status::token_rejected);
    return;
  }
  require(is_text(claims, "iss", "https://idp.example"));
  check_audience(claims, expect);
  const auto* subject = claims.find_string("sub");
  require(subject != nullptr && !subject->empty() && subject->size() <= 255);
  if (expect.nonce) require(is_text(claims, "nonce", "n1"));
  // base64url of the left half of SHA-256("access").
  if (expect.access_token && claims.find("at_hash") != nullptr)
    require(is_text(claims, "at_hash", "oFYf1knNtrqnhAVfBRuteQ"));
  require(claims.find("events") == nullptr);
  require(seconds(claims, "exp") > now - 60 && seconds(claims, "exp") < 253402300800.0);
  require(seconds(claims, "iat") < now + 61);
  if (claims.find("nbf") != nullptr) require(seconds(claims, "nbf") < now + 61);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto claims = json::parse({reinterpret_cast<const char*>(data), size});
  if (!claims) return 0;
  for (unsigned choice = 0; choice < 8; ++choice) check(*claims, choice);
  return 0;
}
