#include "jose/jwk.hpp"

#include <array>
#include <string>

#include "jose/fixture.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;

namespace {

Result<std::shared_ptr<const Key>> read(std::string_view text) { return parse_jwk(parsed(text)); }

bool is_refused(std::string_view text) { return status_of(read(text)) == Status::malformed; }

std::string rsa_jwk(std::string_view n, std::string_view e) {
  support::JsonText out;
  return out.set_string("kty", "RSA").set_string("n", encoded(n)).set_string("e", encoded(e)).str();
}
std::string ec_jwk(std::string_view crv, std::string_view x, std::string_view y) {
  support::JsonText out;
  out.set_string("kty", "EC").set_string("crv", crv);
  return out.set_string("x", encoded(x)).set_string("y", encoded(y)).str();
}
std::string okp_jwk(std::string_view crv, std::string_view x) {
  support::JsonText out;
  return out.set_string("kty", "OKP").set_string("crv", crv).set_string("x", encoded(x)).str();
}

struct Sort {
  MintKey::Kind kind;
  std::string_view curve;
};
constexpr std::array<Sort, 3> curves = {{{MintKey::Kind::p256, "P-256"},
                                         {MintKey::Kind::p384, "P-384"},
                                         {MintKey::Kind::p521, "P-521"}}};

// Odd, of the given size, without small factors that a 2048-bit modulus could be refused for.
std::string modulus_of(std::size_t bytes) {
  auto n = rsa_key().first_parameter();
  n.resize(bytes, '\x5b');
  n.back() = static_cast<char>(n.back() | 1);
  return n;
}

}  // namespace

TEST_SUITE("jose/jwk") {
  TEST_CASE("parse_jwk: each kind of key fits its own algorithms only") {
    struct Case {
      MintKey::Kind kind;
      std::vector<Algorithm> fitting;
    };
    const std::array<Case, 5> cases = {{{MintKey::Kind::rsa_2048,
                                         {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                                          Algorithm::ps256, Algorithm::ps384, Algorithm::ps512}},
                                        {MintKey::Kind::p256, {Algorithm::es256}},
                                        {MintKey::Kind::p384, {Algorithm::es384}},
                                        {MintKey::Kind::p521, {Algorithm::es512}},
                                        {MintKey::Kind::ed25519, {Algorithm::eddsa}}}};
    for (const auto& one : cases) {
      const auto key = read(test_key(one.kind).jwk());
      REQUIRE_MESSAGE(key.ok(), text_of(key));
      CHECK((*key)->kid() == "k1");
      for (int i = 0; i < 10; ++i) {
        const auto algorithm = static_cast<Algorithm>(i);
        const bool expected =
            std::find(one.fitting.begin(), one.fitting.end(), algorithm) != one.fitting.end();
        CHECK((*key)->fits(algorithm) == expected);
      }
    }
  }

  TEST_CASE("LB-29, LB-05: parse_jwk: with an alg, a key verifies with that one only") {
    const auto key = read(rsa_key().jwk("PS384"));
    REQUIRE(key.ok());
    CHECK((*key)->algorithm() == Algorithm::ps384);
    CHECK((*key)->fits(Algorithm::ps384));
    for (const auto other :
         {Algorithm::rs256, Algorithm::rs384, Algorithm::ps256, Algorithm::ps512, Algorithm::es256})
      CHECK_FALSE((*key)->fits(other));
  }

  TEST_CASE("parse_jwk: an alg of another type, of encryption or unknown makes a key useless") {
    CHECK(is_refused(rsa_key().jwk("ES256")));
    CHECK(is_refused(ec_key().jwk("RS256")));
    CHECK(is_refused(ec_key().jwk("ES384")));
    CHECK(is_refused(test_key(MintKey::Kind::p521).jwk("ES521")));
    for (const auto alg : {"HS256", "none", "RSA-OAEP", "RSA1_5", "rs256", "RS256 "})
      CHECK(is_refused(rsa_key().jwk(alg)));
    CHECK(is_refused(rsa_key().jwk("", R"(,"alg":null)")));
    CHECK(is_refused(rsa_key().jwk("", R"(,"alg":["RS256"])")));
  }

  TEST_CASE("J-03, LB-04: parse_jwk: a symmetric key does not belong in a public set") {
    CHECK(text_of(read(R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256"})")) ==
          "its alg is not supported");
    CHECK(text_of(read(R"({"kty":"oct","k":"c2VjcmV0"})")) ==
          "a symmetric key does not belong in a public set");
  }

  TEST_CASE("LO-11: parse_jwk: a key that shows a private member is compromised") {
    for (const auto member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
      CAPTURE(member);
      const auto extra = ",\"" + std::string(member) + "\":\"AQAB\"";
      CHECK(is_refused(rsa_key().jwk("", extra)));
      CHECK(is_refused(ec_key().jwk("", extra)));
      CHECK(is_refused(test_key(MintKey::Kind::ed25519).jwk("", extra)));
    }
    CHECK(is_refused(ec_key().jwk("", R"(,"d":null)")));
  }

  TEST_CASE("J-18: parse_jwk: use and key_ops must both allow verifying") {
    CHECK(read(rsa_key().jwk("", R"(,"key_ops":["verify"])")).ok());
    CHECK(read(rsa_key().jwk("", R"(,"key_ops":["sign","verify"])")).ok());
    for (const auto extra :
         {R"(,"use":"enc")", R"(,"use":"SIG")", R"(,"use":"")", R"(,"use":null)",
          R"(,"use":["sig"])", R"(,"key_ops":[])", R"(,"key_ops":["encrypt"])",
          R"(,"key_ops":["sign"])", R"(,"key_ops":["verify","encrypt"])",
          R"(,"key_ops":["verify","verify"])", R"(,"key_ops":"verify")", R"(,"key_ops":[1])",
          R"(,"key_ops":["wrapKey"])", R"(,"use":"enc","key_ops":["verify"])",
          R"(,"use":"sig","key_ops":["encrypt"])", R"(,"alg":"RSA-OAEP")"}) {
      CAPTURE(extra);
      CHECK(is_refused(rsa_key().jwk("", extra)));
    }
  }

  TEST_CASE("J-06: parse_jwk: EC coordinates have exactly the curve's size") {
    for (const auto& [kind, crv] : curves) {
      const auto curve = crv;  // clang 14 captures no structured binding
      CAPTURE(curve);
      const auto x = test_key(kind).first_parameter();
      const auto y = test_key(kind).second_parameter();
      REQUIRE(read(ec_jwk(crv, x, y)).ok());
      CHECK(is_refused(ec_jwk(crv, x.substr(1), y)));
      CHECK(is_refused(ec_jwk(crv, x, y.substr(1))));
      CHECK(is_refused(ec_jwk(crv, x, y.substr(0, y.size() - 1))));
      CHECK(is_refused(ec_jwk(crv, '\0' + x, y)));
      CHECK(is_refused(ec_jwk(crv, x, '\0' + y)));
      CHECK(is_refused(ec_jwk(crv, "", "")));
    }
  }

  TEST_CASE("J-06, LB-17: parse_jwk: a point off the curve, of another curve, or at infinity") {
    for (const auto& [kind, crv] : curves) {
      const auto curve = crv;  // clang 14 captures no structured binding
      CAPTURE(curve);
      const auto x = test_key(kind).first_parameter();
      auto y = test_key(kind).second_parameter();
      CHECK(is_refused(ec_jwk(crv, std::string(x.size(), '\0'), std::string(x.size(), '\0'))));
      CHECK(is_refused(ec_jwk(crv, std::string(x.size(), '\xff'), y)));  // beyond the prime
      for (const auto& [other, name] : curves) {
        if (other != kind) CHECK(is_refused(ec_jwk(name, x, y)));
      }
      y.back() = static_cast<char>(y.back() ^ 1);
      CHECK(is_refused(ec_jwk(crv, x, y)));
    }
    const auto& koblitz = test_key(MintKey::Kind::secp256k1);
    CHECK(is_refused(koblitz.jwk()));
    CHECK(is_refused(ec_jwk("P-256", koblitz.first_parameter(), koblitz.second_parameter())));
  }

  TEST_CASE("J-07, LB-29: parse_jwk: RSA keys of 2048 to 8192 bits only") {
    const std::string e("\x01\x00\x01", 3);
    CHECK(read(rsa_jwk(rsa_key().first_parameter(), e)).ok());
    CHECK(is_refused(test_key(MintKey::Kind::rsa_1024).jwk()));
    CHECK(is_refused(rsa_jwk(modulus_of(255), e)));
    CHECK(is_refused(rsa_jwk(modulus_of(1025), e)));
    CHECK(is_refused(rsa_jwk(modulus_of(8192), e)));
    CHECK(is_refused(rsa_jwk('\0' + rsa_key().first_parameter(), e)));
    auto short_by_one_bit = rsa_key().first_parameter();
    short_by_one_bit.front() = '\x7f';
    CHECK(is_refused(rsa_jwk(short_by_one_bit, e)));
    auto even = rsa_key().first_parameter();
    even.back() = static_cast<char>(even.back() & ~1);
    CHECK(is_refused(rsa_jwk(even, e)));
  }

  TEST_CASE("J-07: parse_jwk: an RSA exponent is odd, 3 or more, and of at most 64 bits") {
    const auto n = rsa_key().first_parameter();
    CHECK(read(rsa_jwk(n, "\x03")).ok());
    using namespace std::string_view_literals;
    for (const auto e : {""sv, "\0"sv, "\x01"sv, "\x02"sv, "\x01\x00\x00"sv, "\0\x01\x00\x01"sv,
                         "\x01\x00\x00\x00\x00\x00\x00\x00\x01"sv}) {
      CHECK(is_refused(rsa_jwk(n, e)));
    }
  }

  TEST_CASE("J-09: parse_jwk: Ed25519 points of small order or not canonical, and other curves") {
    const auto x = test_key(MintKey::Kind::ed25519).first_parameter();
    CHECK(read(okp_jwk("Ed25519", x)).ok());
    for (const auto crv : {"Ed448", "X25519", "X448", "ed25519", ""})
      CHECK(is_refused(okp_jwk(crv, x)));
    std::string one(32, '\0');
    CHECK(is_refused(okp_jwk("Ed25519", one)));
    one[0] = 1;
    CHECK(is_refused(okp_jwk("Ed25519", one)));
    CHECK(is_refused(okp_jwk("Ed25519", std::string(32, '\xff'))));
  }

  TEST_CASE("LB-14: parse_jwk: an OKP x of 31 or 33 bytes is refused") {
    const auto x = test_key(MintKey::Kind::ed25519).first_parameter();
    CHECK(is_refused(okp_jwk("Ed25519", x.substr(1))));
    CHECK(is_refused(okp_jwk("Ed25519", x + '\0')));
  }

  TEST_CASE("PX-20: parse_jwk: x5c is a list of base64 texts, and never believed") {
    // Not a certificate at all: the key that counts is n and e.
    const auto key = read(rsa_key().jwk("RS256", R"(,"x5c":["AAAA","AA+/"],"x5t":"x")"));
    REQUIRE(key.ok());
    CHECK((*key)->public_key().verify(Algorithm::rs256, "text", rsa_key().sign("RS256", "text")));
    for (const auto x5c : {R"(["AA-_"])", R"("AAAA")", R"([1])", R"(["AAA"])", R"([""])", "null",
                           R"(["AA=A"])", R"(["A==="])", R"(["AAAA\n"])"}) {
      CAPTURE(x5c);
      CHECK(is_refused(rsa_key().jwk("RS256", ",\"x5c\":" + std::string(x5c))));
    }
  }

  TEST_CASE("J-04: parse_jwk: a kid is absent or text of 1 to 256 bytes") {
    const auto nameless = read(rsa_key().named("").jwk());
    REQUIRE(nameless.ok());
    CHECK_FALSE((*nameless)->kid().has_value());
    CHECK(read(rsa_key().named(std::string(256, 'k')).jwk()).ok());
    CHECK(is_refused(rsa_key().named(std::string(257, 'k')).jwk()));
    for (const auto kid : {"1", "null", "[]", R"("")"})
      CHECK(is_refused(rsa_key().named("").jwk("", ",\"kid\":" + std::string(kid))));
  }

  TEST_CASE("J-10: parse_jwk: numbers are strict base64url") {
    const auto n = encoded(rsa_key().first_parameter());
    const auto with_n = [](const std::string& text) {
      return R"({"kty":"RSA","e":"AQAB","n":")" + text + "\"}";
    };
    REQUIRE(read(with_n(n)).ok());
    for (const auto& bad : {n + "=", n + " ", n + "\\n", n.substr(0, n.size() - 1), n + "A"})
      CHECK(is_refused(with_n(bad)));
    CHECK(is_refused(R"({"kty":"RSA","e":65537,"n":")" + n + "\"}"));
  }

  TEST_CASE("LB-24, LB-13: parse_jwk: every member missing or of another type in turn") {
    const std::array<std::pair<MintKey::Kind, std::vector<std::string>>, 3> cases = {
        {{MintKey::Kind::rsa_2048, {"kty", "n", "e"}},
         {MintKey::Kind::p256, {"kty", "crv", "x", "y"}},
         {MintKey::Kind::ed25519, {"kty", "crv", "x"}}}};
    for (const auto& [kind, members] : cases) {
      const auto whole = parsed(test_key(kind).jwk());
      REQUIRE(parse_jwk(whole).ok());
      for (const auto& member : members) {
        CAPTURE(member);
        json::Object without;
        for (const auto& [name, value] : *whole.object()) {
          if (name != member) without.emplace_back(name, value);
        }
        CHECK_FALSE(parse_jwk(json::Value(without)).ok());
        for (const auto other : {"null", "1", "true", "[]", "{}", R"("")", R"("x")"}) {
          auto changed = without;
          changed.emplace_back(member, parsed(other));
          CHECK_FALSE(parse_jwk(json::Value(changed)).ok());
        }
      }
    }
    for (const auto text : {"null", "1", "[]", R"("RSA")", "{}", R"({"kty":"DSA"})"})
      CHECK(is_refused(text));
  }

  TEST_CASE("parse_jwk: no error repeats what the key says") {
    for (const auto text : {R"({"kty":"canary"})", R"({"kty":"RSA","alg":"canary"})",
                            R"({"kty":"EC","crv":"canary"})", R"({"kty":"RSA","use":"canary"})"}) {
      CHECK(text_of(read(text)).find("canary") == std::string::npos);
      CHECK_FALSE(read(text).ok());
    }
  }
}
