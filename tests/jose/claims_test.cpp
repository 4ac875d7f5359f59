#include "jose/claims.hpp"

#include <array>
#include <string>

#include "jose/fixture.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;
using support::id_claims;
using support::JsonText;

namespace {

Result<void> judge(const JsonText& claims, const Expectations& expect = expectations(),
                   Algorithm used = Algorithm::rs256) {
  return check_claims(parsed(claims.str()), expect, used, now);
}

bool is_accepted(const JsonText& claims, const Expectations& expect = expectations()) {
  const auto result = judge(claims, expect);
  if (!result) CHECK(result.error().status == Status::token_rejected);
  return result.ok();
}

JsonText good() { return id_claims(now); }
JsonText with(std::string name, std::string json) {
  return good().set(std::move(name), std::move(json));
}
JsonText with_time(std::string name, std::int64_t offset) {
  return good().set_number(std::move(name), now.unix_seconds() + offset);
}

}  // namespace

TEST_SUITE("jose/claims") {
  TEST_CASE("check_claims: the fixture's token is accepted") { CHECK(judge(good()).ok()); }

  TEST_CASE("I-01, PX-21: check_claims: iss is byte for byte the configured issuer") {
    for (const auto iss :
         {R"("https://idp.example/")", R"("https://IDP.example")", R"("http://idp.example")",
          R"("https://idp.example:443")", R"("https://idp.exampl")", R"(" https://idp.example")",
          R"("")", "null", R"(["https://idp.example"])", "1"}) {
      CAPTURE(iss);
      CHECK_FALSE(is_accepted(with("iss", iss)));
    }
    CHECK_FALSE(is_accepted(good().remove("iss")));
    CHECK(text_of(judge(with("iss", R"("https://canary.example")"))) ==
          "token: iss is not https://idp.example");
  }

  TEST_CASE("check_claims: insecure_any_issuer waives the issuer and nothing else") {
    auto expect = expectations();
    expect.insecure_any_issuer = true;
    expect.issuer.clear();
    CHECK(is_accepted(with("iss", R"("https://other.example")"), expect));
    CHECK(is_accepted(good().remove("iss"), expect));
    CHECK_FALSE(is_accepted(with("aud", R"("x")"), expect));
  }

  TEST_CASE("LB-27: check_claims: without an expected issuer or audience nothing is accepted") {
    auto expect = expectations();
    expect.issuer.clear();
    CHECK_FALSE(is_accepted(good(), expect));
    CHECK_FALSE(is_accepted(with("iss", R"("")"), expect));
    expect = expectations();
    expect.audiences.clear();
    CHECK_FALSE(is_accepted(good(), expect));
    expect = expectations();
    expect.audience_claims.clear();
    CHECK_FALSE(is_accepted(good(), expect));
    CHECK_FALSE(check_claims(parsed("{}"), Expectations(), Algorithm::rs256, now).ok());
  }

  TEST_CASE("LB-06: check_claims: aud is this client's name, alone or in a list of texts") {
    CHECK(is_accepted(with("aud", R"("c")")));
    CHECK(is_accepted(with("aud", R"(["c"])")));
    for (const auto aud :
         {R"(["x","c"])", "[]", R"([["c"]])", R"(["C"])", R"("C")", R"({"c":1})", R"(["c",1])",
          R"([1,"c"])", "null", R"(["c",null])", "true", R"("c ")", R"("")", R"("c,d")"}) {
      CAPTURE(aud);
      CHECK_FALSE(is_accepted(with("aud", aud)));
    }
    CHECK_FALSE(is_accepted(good().remove("aud")));
    CHECK(is_accepted(with("aud", R"(["x","c"])").set_string("azp", "c")));
  }

  TEST_CASE("I-07: check_claims: several audiences need an azp that is this client") {
    const auto two = with("aud", R"(["c","x"])");
    CHECK_FALSE(is_accepted(two));
    CHECK_FALSE(is_accepted(JsonText(two).set_string("azp", "x")));
    CHECK(is_accepted(JsonText(two).set_string("azp", "c")));
    for (const auto azp : {"null", "1", R"(["c"])", R"("")", R"("C")"})
      CHECK_FALSE(is_accepted(JsonText(two).set("azp", azp)));
  }

  TEST_CASE("I-07: check_claims: with a list of trusted audiences, every one must be on it") {
    auto expect = expectations();
    expect.audiences = {"c", "x"};
    const auto azp = [](std::string aud) {
      return with("aud", std::move(aud)).set_string("azp", "c");
    };
    CHECK(is_accepted(azp(R"(["c","x"])"), expect));
    CHECK_FALSE(is_accepted(azp(R"(["c","y"])"), expect));
    CHECK_FALSE(is_accepted(azp(R"(["c","x","y"])"), expect));
    CHECK(is_accepted(with("aud", R"("x")"), expect));  // an extra audience by itself
    CHECK_FALSE(is_accepted(with("aud", R"(["c","x"])"), expect));
  }

  TEST_CASE("check_claims: a wrong azp fails even when aud is right") {
    CHECK(is_accepted(good().set_string("azp", "c")));
    CHECK_FALSE(is_accepted(good().set_string("azp", "x")));
    auto expect = expectations();
    expect.authorized_party.clear();
    CHECK_FALSE(is_accepted(good().set_string("azp", ""), expect));
  }

  TEST_CASE("check_claims: of several audience claims the first present decides") {
    auto expect = expectations();
    expect.audience_claims = {"client_id", "aud"};
    CHECK(is_accepted(good(), expect));
    CHECK(is_accepted(with("aud", R"("x")").set_string("client_id", "c"), expect));
    CHECK_FALSE(is_accepted(good().set_string("client_id", "x"), expect));
    CHECK_FALSE(is_accepted(good().set("client_id", "null"), expect));
  }

  TEST_CASE("LO-05: check_claims: a token of another client or another provider") {
    CHECK_FALSE(is_accepted(with("aud", R"("other-client")")));
    CHECK_FALSE(is_accepted(with("iss", R"("https://other-idp.example")")));
  }

  TEST_CASE("check_claims: sub is text of 1 to 255 bytes") {
    CHECK(is_accepted(with("sub", "\"" + std::string(255, 's') + "\"")));
    CHECK_FALSE(is_accepted(with("sub", "\"" + std::string(256, 's') + "\"")));
    for (const auto sub : {R"("")", "1", "null", "[]", "{}", "true"})
      CHECK_FALSE(is_accepted(with("sub", sub)));
    CHECK_FALSE(is_accepted(good().remove("sub")));
  }

  TEST_CASE("check_claims: allow_missing_subject waives absence, not a wrong type") {
    auto expect = expectations();
    expect.allow_missing_subject = true;
    CHECK(is_accepted(good().remove("sub"), expect));
    for (const auto sub : {"1", "null", R"("")"})
      CHECK_FALSE(is_accepted(with("sub", sub), expect));
  }

  TEST_CASE("LO-04, I-03: check_claims: the nonce is the one that was sent") {
    auto expect = expectations();
    expect.nonce = "n1";
    CHECK(is_accepted(id_claims(now, "n1"), expect));
    CHECK_FALSE(is_accepted(good(), expect));
    for (const auto nonce :
         {R"("n2")", R"("")", R"("N1")", R"("n1 ")", R"("n")", "null", "1", R"(["n1"])"}) {
      CAPTURE(nonce);
      CHECK_FALSE(is_accepted(with("nonce", nonce), expect));
    }
    CHECK(is_accepted(id_claims(now, "anything")));  // none was sent, none is compared
  }

  TEST_CASE("check_claims: an empty expected nonce matches nothing") {
    auto expect = expectations();
    expect.nonce = "";
    CHECK_FALSE(is_accepted(with("nonce", R"("")"), expect));
    CHECK_FALSE(is_accepted(good(), expect));
  }

  TEST_CASE("MA-40: check_claims: values that differ in digits or white space are not equal") {
    const std::array<std::pair<const char*, const char*>, 4> pairs = {
        {{"a01", "a1"}, {"a b", "ab"}, {"1", "1.0"}, {"a\tb", "a b"}}};
    for (const auto& [sent, other] : pairs) {
      auto expect = expectations();
      expect.nonce = sent;
      CHECK(is_accepted(good().set_string("nonce", sent), expect));
      CHECK_FALSE(is_accepted(good().set_string("nonce", other), expect));
      expect = expectations();
      expect.audiences = {sent};
      CHECK(is_accepted(good().set_string("aud", sent), expect));
      CHECK_FALSE(is_accepted(good().set_string("aud", other), expect));
      expect = expectations();
      expect.issuer = sent;
      CHECK(is_accepted(good().set_string("iss", sent), expect));
      CHECK_FALSE(is_accepted(good().set_string("iss", other), expect));
      expect = expectations();
      expect.authorized_party = sent;
      CHECK(is_accepted(good().set_string("azp", sent), expect));
      CHECK_FALSE(is_accepted(good().set_string("azp", other), expect));
    }
  }

  TEST_CASE("I-08: check_claims: at_hash belongs to the access token when it is there") {
    constexpr std::array<std::pair<Algorithm, const char*>, 4> cases = {
        {{Algorithm::rs256, "RS256"},
         {Algorithm::es384, "ES384"},
         {Algorithm::ps512, "PS512"},
         {Algorithm::eddsa, "EdDSA"}}};
    auto expect = expectations();
    expect.access_token = "access";
    for (const auto& [algorithm, name] : cases) {
      const auto tried = name;  // clang 14 captures no structured binding
      CAPTURE(tried);
      const auto hash = support::half_hash(name, "access");
      CHECK(judge(good().set_string("at_hash", hash), expect, algorithm).ok());
      CHECK(judge(good(), expect, algorithm).ok());
      CHECK_FALSE(
          judge(good().set_string("at_hash", support::half_hash(name, "other")), expect, algorithm)
              .ok());
      CHECK_FALSE(judge(good().set_string("at_hash", hash.substr(0, 10)), expect, algorithm).ok());
      CHECK_FALSE(judge(good().set_string("at_hash", hash + "="), expect, algorithm).ok());
    }
    for (const auto value : {"null", "1", R"("")", "[]"})
      CHECK_FALSE(is_accepted(with("at_hash", value), expect));
    // The hash of another algorithm's family is not this token's.
    const auto other = support::half_hash("RS512", "access");
    CHECK_FALSE(is_accepted(good().set_string("at_hash", other), expect));
  }

  TEST_CASE("J-14: check_claims: with 60 s of leeway, to the second") {
    CHECK(is_accepted(with_time("exp", 1)));
    CHECK(is_accepted(with_time("iat", -59).set_number("exp", now.unix_seconds() - 59)));
    CHECK_FALSE(is_accepted(with_time("iat", -61).set_number("exp", now.unix_seconds() - 60)));
    CHECK_FALSE(is_accepted(with_time("iat", -61).set_number("exp", now.unix_seconds() - 61)));
    CHECK(is_accepted(with_time("nbf", 60)));
    CHECK_FALSE(is_accepted(with_time("nbf", 61)));
    CHECK(is_accepted(with_time("iat", 60)));
    CHECK_FALSE(is_accepted(with_time("iat", 61)));
    CHECK_FALSE(is_accepted(with_time("iat", 3600)));
    CHECK_FALSE(is_accepted(with_time("exp", 30).set_number("iat", now.unix_seconds() + 31)));
    CHECK_FALSE(is_accepted(good().remove("exp")));
    CHECK_FALSE(is_accepted(good().remove("iat")));
  }

  TEST_CASE("check_claims: without leeway the moment of expiry is too late") {
    auto expect = expectations();
    expect.leeway = Duration(0);
    CHECK_FALSE(is_accepted(with_time("exp", 0), expect));
    CHECK(is_accepted(with_time("exp", 1), expect));
    CHECK(is_accepted(with_time("nbf", 0), expect));
    CHECK_FALSE(is_accepted(with_time("nbf", 1), expect));
  }

  TEST_CASE("MA-21: check_claims: exp in every form a number can take") {
    for (const auto exp :
         {"2147483648", "4102444800", "4102444800.5", "4.1024448e9", "253402300799"}) {
      CAPTURE(exp);
      CHECK(is_accepted(with("exp", exp)));
    }
    for (const auto exp : {"1e300", "-1", "0", "9223372036854775808", "9223372036854775807",
                           "253402300800", "1.5", R"("4102444800")", "null", "true", "[]", "{}",
                           "-1e300", "1e-300", "99999999999999999999999999"}) {
      CAPTURE(exp);
      CHECK_FALSE(is_accepted(with("exp", exp)));
    }
    CHECK_FALSE(json::parse(R"({"exp":NaN})").ok());
  }

  TEST_CASE("MA-21: check_claims: nbf and iat must be times too, when they are there") {
    for (const auto name : {"nbf", "iat"}) {
      for (const auto value : {"1e300", R"("0")", "null", "true", "[]", "9223372036854775808"}) {
        CAPTURE(name);
        CAPTURE(value);
        CHECK_FALSE(is_accepted(with(name, value)));
      }
      CHECK(is_accepted(with(name, "1.5")));
    }
  }

  TEST_CASE(
      "check_claims: allow_missing_expiration and allow_missing_issued_at waive absence only") {
    auto expect = expectations();
    expect.allow_missing_expiration = true;
    CHECK(is_accepted(good().remove("exp"), expect));
    CHECK_FALSE(is_accepted(with("exp", "null"), expect));
    CHECK_FALSE(is_accepted(with_time("exp", -3600), expect));
    CHECK_FALSE(is_accepted(good().remove("iat"), expect));
    expect = expectations();
    expect.allow_missing_issued_at = true;
    CHECK(is_accepted(good().remove("iat"), expect));
    CHECK_FALSE(is_accepted(with("iat", "null"), expect));
    CHECK_FALSE(is_accepted(good().remove("exp"), expect));
  }

  TEST_CASE("check_claims: a token that reports an event is no sign-in") {
    const auto events = R"({"http://schemas.openid.net/event/backchannel-logout":{}})";
    CHECK_FALSE(is_accepted(with("events", events)));
    CHECK_FALSE(is_accepted(with("events", "null")));
    auto expect = expectations();
    expect.type = "logout+jwt";
    CHECK(is_accepted(with("events", events), expect));
  }

  TEST_CASE("LB-23: check_claims: whose a token is comes before when it was valid") {
    CHECK(text_of(judge(with_time("exp", -3600).set_string("aud", "x"))) ==
          "token: aud does not name this client");
    CHECK(text_of(judge(with_time("exp", -3600).set_string("iss", "x"))) ==
          "token: iss is not https://idp.example");
  }

  TEST_CASE("LB-24: check_claims: every claim missing or of another type, alone and in pairs") {
    constexpr std::array<const char*, 5> required = {"iss", "sub", "aud", "exp", "iat"};
    constexpr std::array<const char*, 6> others = {"", "null", "true", "[]", "{}", "[null]"};
    const auto spoil = [](JsonText& claims, const char* name, const char* json) {
      if (*json == '\0') {
        claims.remove(name);
      } else {
        claims.set(name, json);
      }
    };
    int refused = 0;
    for (const auto* first : required) {
      for (const auto* second : required) {
        for (const auto* one : others) {
          for (const auto* two : others) {
            auto claims = good();
            spoil(claims, first, one);
            spoil(claims, second, two);
            if (!is_accepted(claims)) ++refused;
          }
        }
      }
    }
    CHECK(refused == 5 * 5 * 6 * 6);
  }

  TEST_CASE("MA-22: check_claims: claims are an object") {
    for (const auto root : {"[]", R"("x")", "1", "null", "true"})
      CHECK(status_of(check_claims(parsed(root), expectations(), Algorithm::rs256, now)) ==
            Status::token_rejected);
  }

  TEST_CASE("I-12: check_claims: claims by reference change nothing") {
    CHECK(is_accepted(with("_claim_sources", R"({"s":{"endpoint":"http://169.254.169.254/"}})")));
    CHECK_FALSE(is_accepted(with("_claim_names", R"({"sub":"s"})").remove("sub")));
  }

  TEST_CASE("check_claims: no error repeats what the token says") {
    for (const auto name : {"iss", "aud", "azp", "sub", "exp", "nbf", "iat", "nonce", "at_hash"}) {
      auto expect = expectations();
      expect.nonce = "n";
      expect.access_token = "secret-access-token";
      auto claims = id_claims(now, "n");
      if (std::string_view(name) == "sub") {
        claims.set("sub", R"(["canary"])");
      } else {
        claims.set_string(name, "canary");
      }
      const auto text = text_of(judge(claims, expect));
      CAPTURE(name);
      CHECK_FALSE(text.empty());
      CHECK(text.find("canary") == std::string::npos);
      CHECK(text.find("secret") == std::string::npos);
    }
  }
}
