#include "jose/compact.hpp"

#include <array>
#include <string>

#include "jose/fixture.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;

namespace {

Result<TokenHeader> header_of(std::string_view json) { return parse_header(encoded(json)); }

// {"alg":"RS256" + rest
Result<TokenHeader> header_with(std::string_view rest) {
  return header_of("{\"alg\":\"RS256\"" + std::string(rest) + "}");
}

}  // namespace

TEST_SUITE("jose/compact") {
  TEST_CASE("split_compact: gives the three parts and the text that is signed") {
    const auto parts = split_compact("aa.bbb.c");
    REQUIRE(parts.ok());
    CHECK(parts->header == "aa");
    CHECK(parts->payload == "bbb");
    CHECK(parts->signature == "c");
    CHECK(parts->signed_text == "aa.bbb");
  }

  TEST_CASE("split_compact: the payload may be empty, header and signature may not") {
    CHECK(split_compact("a..c").ok());
    CHECK(status_of(split_compact(".b.c")) == Status::token_rejected);
    CHECK(status_of(split_compact("a.b.")) == Status::token_rejected);
  }

  TEST_CASE("LB-02: split_compact: any number of dots but two is refused") {
    for (const auto token : {"", ".", "..", "...", "a", "a.", ".a", "a.b", "a.b.c.d", "a.b.c."}) {
      CAPTURE(token);
      CHECK(status_of(split_compact(token)) == Status::token_rejected);
    }
    CHECK(status_of(split_compact(std::string(1024 * 1024, '.'))) == Status::token_rejected);
  }

  TEST_CASE("LB-16: split_compact: an encrypted token's five parts are refused") {
    CHECK(text_of(split_compact("a.b.c.d.e")) ==
          "token: more than three parts; encrypted tokens are not supported");
  }

  TEST_CASE("LB-18: split_compact and parse_header: no JSON serialisation") {
    for (const auto token :
         {R"({"payload":"YQ","signatures":[]})",
          R"({"payload":"YQ","protected":"eyJhbGciOiJSUzI1NiJ9","signature":"AA"})",
          R"({"payload":"YQ","signatures":[{"protected":"e30","signature":"AA"},{}]})"}) {
      CHECK(status_of(split_compact(token)) == Status::token_rejected);
    }
    const auto with_dots = split_compact(R"({"payload":"a.b","signature":"c.d"})");
    REQUIRE(with_dots.ok());
    CHECK(status_of(parse_header(with_dots->header)) == Status::token_rejected);
  }

  TEST_CASE("J-16, LB-22: split_compact: 16 KiB is the most, and the parts are views") {
    const auto longest = "a." + std::string(max_token_size - 4, 'b') + ".c";
    const auto parts = split_compact(longest);
    REQUIRE(parts.ok());
    CHECK(parts->header.data() == longest.data());
    CHECK(text_of(split_compact(longest + "c")) == "token: larger than 16 KiB");
    CHECK(text_of(split_compact(std::string(100u << 20, 'a'))) == "token: larger than 16 KiB");
  }

  TEST_CASE("parse_header: reads alg, kid and typ and leaves other members alone") {
    const auto header =
        header_of(R"({"typ":"at+jwt","alg":"ES256","kid":"k 1","iat":1,"x":{"y":[null]}})");
    REQUIRE(header.ok());
    CHECK(header->algorithm == Algorithm::es256);
    CHECK(header->kid == "k 1");
    CHECK(header->type == "at+jwt");

    const auto bare = header_with("");
    REQUIRE(bare.ok());
    CHECK_FALSE(bare->kid.has_value());
    CHECK_FALSE(bare->type.has_value());
  }

  TEST_CASE("J-01, MA-49: parse_header: alg none in every spelling, empty, missing, not a text") {
    for (const auto header :
         {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"NONE"})", R"({"alg":"nOnE"})",
          R"({"alg":"none "})", R"({"alg":""})", R"({"alg":null})", R"({"alg":["RS256"]})",
          R"({"alg":{"a":"RS256"}})", R"({"alg":1})", R"({})", R"({"typ":"JWT"})"}) {
      CAPTURE(header);
      CHECK(status_of(header_of(header)) == Status::token_rejected);
    }
  }

  TEST_CASE("J-02: parse_header: alg matches byte for byte or not at all") {
    for (const auto name :
         {"rs256", "RS256 ", " RS256", "RS256\\u0000", "HS256\\n", "RS1", "RS2567", "RS25",
          "ES256K", "\u0420S256", "RS\uff12\uff15\uff16", "ed25519", "EDDSA", "Ed448"}) {
      CAPTURE(name);
      CHECK(status_of(header_of("{\"alg\":\"" + std::string(name) + "\"}")) ==
            Status::token_rejected);
    }
    CHECK(header_of(R"({"alg":"\u0052S256"})").ok());  // the same text, written with an escape
  }

  TEST_CASE("J-03, LB-16, LB-20, J-15: parse_header: symmetric and encryption algorithms") {
    for (const auto name : {"HS256", "HS384", "HS512", "dir", "A128KW", "A256GCMKW", "RSA1_5",
                            "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "PBES2-HS256+A128KW"}) {
      CAPTURE(name);
      CHECK(status_of(header_of("{\"alg\":\"" + std::string(name) + "\",\"p2c\":2147483647}")) ==
            Status::token_rejected);
    }
    CHECK(status_of(header_with(R"(,"enc":"A128GCM")")) == Status::token_rejected);
  }

  TEST_CASE("LB-08: parse_header: crit is refused whatever it says") {
    for (const auto crit : {R"(["exp"])", R"(["x"])", "[]", R"("x")", "[1]", R"(["b64"])",
                            R"(["exp","exp"])", "null", "{}"}) {
      CAPTURE(crit);
      CHECK(status_of(header_with(",\"exp\":1,\"crit\":" + std::string(crit))) ==
            Status::token_rejected);
    }
  }

  TEST_CASE("J-12, LB-21: parse_header: b64 and zip are refused, with and without crit") {
    for (const auto rest : {R"(,"b64":false)", R"(,"b64":true)", R"(,"b64":false,"crit":["b64"])",
                            R"(,"zip":"DEF")", R"(,"zip":"")", R"(,"zip":null)"}) {
      CAPTURE(rest);
      CHECK(status_of(header_with(rest)) == Status::token_rejected);
    }
  }

  TEST_CASE("J-04: parse_header: a kid is text of 1 to 256 bytes without control characters") {
    CHECK(header_with(",\"kid\":\"" + std::string(max_kid_size, 'k') + "\"").ok());
    CHECK(header_with(R"(,"kid":"../../x' OR 1=1 --")").ok());  // text; it only finds a key or none
    for (const auto kid : {"1", "[]", "{}", "null", "true", R"("")", R"("a\u0000")", R"("a\nb")",
                           R"("\u007f")", R"(["k1"])"}) {
      CAPTURE(kid);
      CHECK(status_of(header_with(",\"kid\":" + std::string(kid))) == Status::token_rejected);
    }
    const std::string too_long(max_kid_size + 1, 'k');
    CHECK(status_of(header_with(",\"kid\":\"" + too_long + "\"")) == Status::token_rejected);
  }

  TEST_CASE("J-05: parse_header: key material in the header is not looked at") {
    for (const auto rest :
         {R"(,"jku":"https://evil.example/keys")", R"(,"x5u":"http://169.254.169.254/")",
          R"(,"jwk":{"kty":"oct","k":"AA"})", R"(,"x5c":["not base64"])", R"(,"x5t":1)",
          R"(,"x5t#S256":"x")"}) {
      CAPTURE(rest);
      const auto header = header_with(rest);
      REQUIRE(header.ok());
      CHECK(header->algorithm == Algorithm::rs256);
      CHECK_FALSE(header->kid.has_value());
    }
  }

  TEST_CASE("J-13: parse_header: a nested token is refused") {
    for (const auto cty : {R"("JWT")", R"("jwt")", R"("application/jwt")", "1", "null"}) {
      CAPTURE(cty);
      CHECK(status_of(header_with(",\"cty\":" + std::string(cty))) == Status::token_rejected);
    }
    CHECK(header_with(R"(,"cty":"json")").ok());
  }

  TEST_CASE("parse_header: typ must be text") {
    for (const auto typ : {"1", "null", "[]", R"(["JWT"])"})
      CHECK(status_of(header_with(",\"typ\":" + std::string(typ))) == Status::token_rejected);
  }

  TEST_CASE("LB-12: parse_header: duplicate members are refused, also when an escape hides them") {
    for (const auto header :
         {R"({"alg":"RS256","alg":"RS256"})", R"({"alg":"RS256","\u0061lg":"none"})",
          R"({"alg":"RS256","kid":"a","kid":"b"})", R"({"alg":"RS256","x":{"y":1,"y":2}})"}) {
      CAPTURE(header);
      CHECK(status_of(header_of(header)) == Status::token_rejected);
    }
  }

  TEST_CASE("J-10: parse_header: base64url has one text for each value") {
    const auto good = encoded(R"({"alg":"RS256"})");
    REQUIRE(parse_header(good).ok());
    CHECK(good == "eyJhbGciOiJSUzI1NiJ9");
    for (const auto& bad :
         {good + "=", good + "==", good + "\n", " " + good, good + "A",
          std::string("eyJhbGciOiJSUzI1NiJ+"), std::string("eyJhbGciOiJSUzI1NiJ/"),
          std::string("eyJhbGci?OiJSUzI1NiJ9")}) {
      CAPTURE(bad);
      CHECK(status_of(parse_header(bad)) == Status::token_rejected);
    }
    // The last character's unused bits are zero: "fQ" is "}", "fR" would be too.
    const auto spare = encoded(R"({"alg":"RS256" })");
    REQUIRE(parse_header(spare).ok());
    auto changed = spare;
    REQUIRE(changed.back() == 'Q');
    changed.back() = 'R';
    CHECK(status_of(parse_header(changed)) == Status::token_rejected);
  }

  TEST_CASE("J-11: parse_header: what is no strict JSON object is refused") {
    using namespace std::string_view_literals;
    std::string deep = R"({"alg":"RS256","x":)";
    for (int i = 0; i < 100; ++i) deep += '[';
    for (int i = 0; i < 100; ++i) deep += ']';
    deep += '}';
    for (const auto text :
         {""sv, "x"sv, "[]"sv, R"("RS256")"sv, "1"sv, "null"sv, R"({"alg":"RS256"}x)"sv,
          R"({"alg":"RS256",})"sv, R"({alg:"RS256"})"sv, R"({'alg':'RS256'})"sv,
          "{\"alg\":\"RS256\",\"x\":\"\xff\"}"sv, "\xef\xbb\xbf{\"alg\":\"RS256\"}"sv,
          R"({"alg":"RS256","x":NaN})"sv, R"({"alg":"RS256","x":"\ud800"})"sv,
          R"({"alg":"RS256"/**/})"sv, "{\"alg\":\"RS256\"}\0"sv, std::string_view(deep)}) {
      CAPTURE(text);
      CHECK(status_of(header_of(text)) == Status::token_rejected);
    }
  }

  TEST_CASE("parse_header: no error repeats what the token said") {
    for (const auto header : {R"({"alg":"canary"})", R"({"alg":"RS256","kid":"canary\u0001"})",
                              R"({"alg":"RS256","crit":["canary"]})", R"({"canary)"}) {
      const auto result = header_of(header);
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().text.find("canary") == std::string::npos);
    }
  }

  TEST_CASE("is_type: letter case and application/ make no difference, anything else does") {
    for (const auto typ : {"JWT", "jwt", "application/jwt", "APPLICATION/JWT"})
      CHECK(is_type(typ, "JWT"));
    CHECK(is_type("at+jwt", "application/at+jwt"));
    for (const auto typ : {"", "JW", "JWTX", "at+jwt", "application/", "application/at+jwt",
                           "text/jwt", " JWT", "application/application/jwt"})
      CHECK_FALSE(is_type(typ, "JWT"));
  }
}
