#include "jose/verified_token.hpp"

#include <array>
#include <string>

#include "jose/fixture.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;
using support::id_claims;
using support::mint;
using support::mint_with;

namespace {

Result<VerifiedToken> judge(std::string_view token, const Expectations& expect = expectations()) {
  return verify(token, key_set(rsa_key()), expect, now);
}

std::string typed(std::string_view typ_json) {
  auto header = support::mint_header(rsa_key());
  header.remove("typ");
  if (!typ_json.empty()) header.set("typ", std::string(typ_json));
  return mint_with(rsa_key(), "RS256", header.str(), id_claims(now).str());
}

std::string unsigned_copy(std::string token) {
  const auto dot = token.rfind('.');
  token[dot + 10] = token[dot + 10] == 'A' ? 'B' : 'A';
  return token;
}

}  // namespace

TEST_SUITE("jose/verified_token") {
  TEST_CASE("verify: a good token gives its claims") {
    const auto token = judge(mint(rsa_key(), id_claims(now)));
    REQUIRE_MESSAGE(token.ok(), text_of(token));
    CHECK(token->subject() == "alice");
    CHECK(token->issuer() == "https://idp.example");
    CHECK(token->expires_at() == now.unix_seconds() + 3600);
    CHECK(token->algorithm() == Algorithm::rs256);
    CHECK(*token->claims().find_string("email") == "alice@example.com");
  }

  TEST_CASE("verify: what a waiver let pass is empty, not invented") {
    auto expect = expectations();
    expect.allow_missing_subject = true;
    expect.allow_missing_expiration = true;
    expect.insecure_any_issuer = true;
    const auto token =
        judge(mint(rsa_key(), id_claims(now).remove("sub").remove("exp").remove("iss")), expect);
    REQUIRE(token.ok());
    CHECK(token->subject().empty());
    CHECK(token->issuer().empty());
    CHECK_FALSE(token->expires_at().has_value());
  }

  TEST_CASE("LB-23: verify: the signature is judged before any claim") {
    const auto expired =
        id_claims(now).set_number("iat", 1000).set_number("exp", 2000).set_string("aud", "x");
    CHECK(text_of(judge(unsigned_copy(mint(rsa_key(), expired)))) ==
          "token: the signature is not valid");
    CHECK(text_of(judge(mint(rsa_key(), expired))) == "token: aud does not name this client");
  }

  TEST_CASE("verify: an unknown key is a reason to ask the provider again, a bad token is none") {
    const auto stranger = MintKey::generate(MintKey::Kind::p256, "new");
    auto expect = expectations();
    expect.algorithms = {Algorithm::rs256, Algorithm::es256};
    CHECK(status_of(judge(mint(stranger, id_claims(now)), expect)) == Status::key_unknown);
    CHECK(status_of(judge(mint(stranger.named("k1"), id_claims(now)), expect)) ==
          Status::key_unknown);
    const auto keys = key_set(ec_key());
    CHECK(status_of(verify(mint(stranger.named("k1"), id_claims(now)), keys, expect, now)) ==
          Status::token_rejected);
  }

  TEST_CASE("LB-27: verify: no accepted algorithm, no accepted token") {
    auto expect = expectations();
    expect.algorithms.clear();
    CHECK(status_of(judge(mint(rsa_key(), id_claims(now)), expect)) == Status::token_rejected);
    CHECK(status_of(judge(mint(rsa_key(), id_claims(now)), Expectations())) ==
          Status::token_rejected);
  }

  TEST_CASE("J-13: verify: typ says JWT or nothing where no type is required") {
    CHECK(judge(typed("")).ok());
    CHECK(judge(typed(R"("JWT")")).ok());
    CHECK(judge(typed(R"("application/jwt")")).ok());
    for (const auto typ : {R"("at+jwt")", R"("application/at+jwt")", R"("logout+jwt")",
                           R"("dpop+jwt")", R"("secevent+jwt")", R"("")", R"("JWS")", "null"}) {
      CAPTURE(typ);
      CHECK(status_of(judge(typed(typ))) == Status::token_rejected);
    }
  }

  TEST_CASE("J-13: verify: a required type must be there") {
    auto expect = expectations();
    expect.type = "at+jwt";
    CHECK(judge(typed(R"("at+jwt")"), expect).ok());
    CHECK(judge(typed(R"("application/AT+JWT")"), expect).ok());
    for (const auto typ : {"", R"("JWT")", R"("logout+jwt")", R"("")"})
      CHECK(status_of(judge(typed(typ), expect)) == Status::token_rejected);
  }

  TEST_CASE("J-13: verify: a nested token is refused") {
    const auto inner = mint(rsa_key(), id_claims(now));
    auto header = support::mint_header(rsa_key());
    CHECK(status_of(judge(mint_with(rsa_key(), "RS256", header.set_string("cty", "JWT").str(),
                                    inner))) == Status::token_rejected);
    CHECK(status_of(judge(mint(rsa_key(), inner))) == Status::token_rejected);
  }

  TEST_CASE("LB-12: verify: duplicate claims are refused, also when an escape hides them") {
    const auto body = id_claims(now).str();
    const auto with = [&](std::string_view more) {
      return body.substr(0, body.size() - 1) + std::string(more) + "}";
    };
    REQUIRE(judge(mint(rsa_key(), with(""))).ok());
    for (const auto more : {R"(,"sub":"bob")", R"(,"\u0073ub":"bob")", R"(,"exp":9999999999)",
                            R"(,"aud":"c")", R"(,"x":{"y":1,"y":1})"}) {
      CAPTURE(more);
      CHECK(text_of(judge(mint(rsa_key(), with(more)))) == "token: its claims are no JSON object");
    }
  }

  TEST_CASE("J-11, MA-22: verify: a payload that is no strict JSON object is refused") {
    using namespace std::string_view_literals;
    const auto body = id_claims(now).str();
    const auto deep = "{\"x\":" + std::string(40, '[') + std::string(40, ']') + "}";
    for (const auto payload :
         {""sv, "[]"sv, R"("x")"sv, "1"sv, "null"sv, "{"sv, "{\"sub\":\"\xff\"}"sv,
          "\xef\xbb\xbf{}"sv, R"({"exp":NaN})"sv, R"({"exp":1e99999999999})"sv,
          R"({"sub":"\ud800"})"sv, std::string_view(deep)})
      CHECK(status_of(judge(mint(rsa_key(), payload))) == Status::token_rejected);
    CHECK(status_of(judge(mint(rsa_key(), body + "x"))) == Status::token_rejected);
    CHECK(status_of(judge(mint(rsa_key(), body + body))) == Status::token_rejected);
    CHECK(judge(mint(rsa_key(), " " + body + "\n")).ok());
  }

  TEST_CASE("LB-07: verify: a forgery that names a victim's jti leaves the real token good") {
    const auto claims = id_claims(now).set_string("jti", "1");
    const auto real = mint(rsa_key(), claims);
    CHECK_FALSE(judge(unsigned_copy(real)).ok());
    CHECK(judge(real).ok());
  }

  TEST_CASE("J-16: verify: a token of more than 16 KiB is refused, validly signed or not") {
    const auto sized = [](std::size_t size) {
      return mint(rsa_key(), id_claims(now).set_string("x", std::string(size, 'x')));
    };
    CHECK(judge(sized(10'000)).ok());
    CHECK(text_of(judge(sized(16'000))) == "token: larger than 16 KiB");
  }

  TEST_CASE("LB-02: verify: fragments of a token") {
    const auto token = mint(rsa_key(), id_claims(now));
    for (std::size_t size = 0; size < token.size(); ++size)
      REQUIRE_FALSE(judge(token.substr(0, size)).ok());
    for (std::size_t start = 1; start < token.size(); start += 5)
      REQUIRE_FALSE(judge(token.substr(start)).ok());
    CHECK(judge(token).ok());
  }

  TEST_CASE("J-14: verify: the moment handed in is the moment that counts") {
    const auto keys = key_set(rsa_key());
    const auto token = mint(rsa_key(), id_claims(now));
    const auto at = [&](std::int64_t offset) {
      return verify(token, keys, expectations(), at_unix(now.unix_seconds() + offset)).ok();
    };
    CHECK(at(0));
    CHECK(at(3659));
    CHECK_FALSE(at(3660));
    CHECK(at(-60));
    CHECK_FALSE(at(-61));
  }
}
