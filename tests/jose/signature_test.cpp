#include "jose/signature.hpp"

#include <array>
#include <string>
#include <thread>

#include "base/bytes.hpp"
#include "jose/fixture.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;
using support::mint_hmac;
using support::mint_with;

namespace {

constexpr std::array<Algorithm, 10> all = {
    Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256, Algorithm::ps384,
    Algorithm::ps512, Algorithm::es256, Algorithm::es384, Algorithm::es512, Algorithm::eddsa};
constexpr std::array<Algorithm, 1> only_rs256 = {Algorithm::rs256};

const MintKey& signer(Algorithm algorithm) {
  const auto name = algorithm_name(algorithm);
  if (name == "ES256") return ec_key();
  if (name == "ES384") return test_key(MintKey::Kind::p384);
  if (name == "ES512") return test_key(MintKey::Kind::p521);
  if (name == "EdDSA") return test_key(MintKey::Kind::ed25519);
  return rsa_key();
}

std::string token_of(Algorithm algorithm, std::string_view payload = "payload") {
  const auto& key = signer(algorithm);
  const auto name = algorithm_name(algorithm);
  return mint_with(key, name, support::mint_header(key, name).str(), payload);
}

// Replaces what stands between the last dot and the end.
std::string with_signature(std::string_view token, std::string_view signature) {
  return std::string(token.substr(0, token.rfind('.') + 1)) + encoded(signature);
}

std::string signature_of(std::string_view token) {
  return base64url::decode(token.substr(token.rfind('.') + 1)).value();
}

}  // namespace

TEST_SUITE("jose/signature") {
  TEST_CASE("verify_signature: each algorithm, with the key and the algorithm that were expected") {
    for (const auto algorithm : all) {
      CAPTURE(algorithm_name(algorithm));
      const auto keys = key_set({signer(algorithm).jwk(algorithm_name(algorithm))});
      const std::array<Algorithm, 1> expected = {algorithm};
      const auto text = verify_signature(token_of(algorithm), keys, expected);
      REQUIRE_MESSAGE(text.ok(), text_of(text));
      CHECK(text->payload == "payload");
      CHECK(text->header.kid == "k1");
      CHECK(verify_signature(token_of(algorithm, ""), keys, expected)->payload.empty());
      CHECK(status_of(verify_signature(token_of(algorithm), keys, {})) == Status::token_rejected);
      for (const auto other : all) {
        const std::array<Algorithm, 1> unexpected = {other};
        if (other != algorithm)
          CHECK(status_of(verify_signature(token_of(algorithm), keys, unexpected)) ==
                Status::token_rejected);
      }
    }
  }

  TEST_CASE("LB-25: verify_signature: any bit of any part changed is one and the same refusal") {
    for (const auto algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
      const auto keys = key_set(signer(algorithm));
      const auto token = token_of(algorithm);
      const auto signature = signature_of(token);
      for (std::size_t bit = 0; bit < signature.size() * 8; bit += 13) {
        auto changed = signature;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CHECK(text_of(verify_signature(with_signature(token, changed), keys, all)) ==
              "token: the signature is not valid");
      }
      auto payload = token;
      const auto dot = payload.find('.');
      payload[dot + 1] = payload[dot + 1] == 'A' ? 'B' : 'A';
      CHECK(text_of(verify_signature(payload, keys, all)) == "token: the signature is not valid");
    }
  }

  TEST_CASE("J-01, MA-49: verify_signature: an unsigned token, whatever stands for its signature") {
    const auto keys = key_set(rsa_key());
    for (const auto alg : {"none", "None", "NONE", "nOnE", ""}) {
      const auto head = encoded("{\"alg\":\"" + std::string(alg) + "\",\"kid\":\"k1\"}") + "." +
                        encoded("payload");
      for (const auto& token : {head, head + ".", head + ".AA", head + "." + encoded("junk"),
                                head + "." + encoded(rsa_key().sign("RS256", head))}) {
        CAPTURE(token);
        CHECK(status_of(verify_signature(token, keys, all)) == Status::token_rejected);
      }
    }
  }

  TEST_CASE("LB-01: verify_signature: an HMAC keyed with any form of a public key is refused") {
    for (const auto algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
      const auto& key = signer(algorithm);
      for (const auto& keys : {key_set({key.jwk()}), key_set(key)}) {
        for (const auto hs : {"HS256", "HS384", "HS512"}) {
          const auto header = support::mint_header(key, hs).str();
          for (const auto& secret :
               {key.public_pem(), key.jwk(), support::key_set_json(key), key.first_parameter(),
                encoded(key.first_parameter()), std::string("x")}) {
            CHECK(status_of(verify_signature(mint_hmac(hs, secret, header, "payload"), keys,
                                             all)) == Status::token_rejected);
            // The MAC under a header that names the real algorithm.
            const auto disguised =
                mint_hmac(hs, secret, support::mint_header(key).str(), "payload");
            CHECK(status_of(verify_signature(disguised, keys, all)) == Status::token_rejected);
          }
        }
      }
    }
  }

  TEST_CASE("J-03, LB-04: verify_signature: an oct key in the set verifies nothing") {
    const std::string secret(32, 's');
    const auto jwk = R"({"kty":"oct","kid":"k1","k":")" + encoded(secret) + "\"}";
    const auto keys = parse_key_set(support::key_set_json({jwk}));
    REQUIRE(keys.ok());
    CHECK(keys->empty());
    for (const auto hs : {"HS256", "HS384", "HS512"}) {
      const auto header = R"({"alg":")" + std::string(hs) + R"(","kid":"k1"})";
      CHECK(status_of(verify_signature(mint_hmac(hs, secret, header, "payload"), *keys, all)) ==
            Status::token_rejected);
    }
  }

  TEST_CASE("LB-05: verify_signature: RS256 expected, another algorithm validly signed") {
    for (const auto& keys : {key_set({rsa_key().jwk()}), key_set(rsa_key())}) {
      CHECK(verify_signature(token_of(Algorithm::rs256), keys, only_rs256).ok());
      for (const auto other : {Algorithm::rs384, Algorithm::rs512, Algorithm::ps256})
        CHECK(status_of(verify_signature(token_of(other), keys, only_rs256)) ==
              Status::token_rejected);
    }
  }

  TEST_CASE("verify_signature: the key's alg decides even when several are expected") {
    const auto keys = key_set({rsa_key().jwk("RS256")});
    CHECK(verify_signature(token_of(Algorithm::rs256), keys, all).ok());
    CHECK(status_of(verify_signature(token_of(Algorithm::ps256), keys, all)) ==
          Status::key_unknown);
  }

  TEST_CASE("J-05: verify_signature: a key that the token brings along is not used") {
    const auto evil = MintKey::generate(MintKey::Kind::p256, "k1");
    const auto keys = key_set(ec_key());
    for (const auto& extra :
         {",\"jwk\":" + evil.jwk("ES256"), std::string(R"(,"jku":"https://evil.example/jwks")"),
          std::string(R"(,"x5u":"https://evil.example/cert")"), std::string(R"(,"x5c":["AAAA"])"),
          std::string(R"(,"x5t":"AAAA","x5t#S256":"AAAA")")}) {
      CAPTURE(extra);
      const auto header = R"({"alg":"ES256","kid":"k1")" + extra + "}";
      CHECK(text_of(verify_signature(mint_with(evil, "ES256", header, "payload"), keys, all)) ==
            "token: the signature is not valid");
      CHECK(verify_signature(mint_with(ec_key(), "ES256", header, "payload"), keys, all).ok());
    }
  }

  TEST_CASE("J-10: verify_signature: each part is strict base64url, though validly signed") {
    const auto keys = key_set(rsa_key());
    const auto header = encoded(support::mint_header(rsa_key()).str());
    const auto signed_text = [&](const std::string& head, const std::string& payload) {
      const auto text = head + "." + payload;
      return text + "." + encoded(rsa_key().sign("RS256", text));
    };
    REQUIRE(verify_signature(signed_text(header, "cGF5bG9hZA"), keys, all).ok());
    for (const auto payload : {"cGF5bG9hZA=", "cGF5bG9hZA==", "cGF5bG9hZB", "cGF5bG9h ZA",
                               "cGF5bG9h\nZA", "cGF5bG9hZ", "+/+/", "cGF5bG9hZA?"}) {
      CAPTURE(payload);
      CHECK(status_of(verify_signature(signed_text(header, payload), keys, all)) ==
            Status::token_rejected);
    }
    for (const auto& head : {header + "=", header + " ", " " + header, "?" + header})
      CHECK(status_of(verify_signature(signed_text(head, "cGF5bG9hZA"), keys, all)) ==
            Status::token_rejected);
    const auto token = signed_text(header, "cGF5bG9hZA");
    for (const auto end : {"=", "==", " ", "\n", "A", "?"})
      CHECK(status_of(verify_signature(token + end, keys, all)) == Status::token_rejected);
  }

  TEST_CASE("LB-14: verify_signature: signatures of the wrong size") {
    const auto es256 = token_of(Algorithm::es256);
    const auto r_s = signature_of(es256);
    const auto keys = key_set({ec_key().jwk(), rsa_key().jwk()});
    REQUIRE(verify_signature(es256, keys, all).ok());
    for (const auto& bad : {r_s.substr(0, 63), r_s + '\0', '\0' + r_s, r_s + std::string(32, '\0'),
                            std::string(132, 'x'), std::string(1024, 'x'), std::string(1, 'x')})
      CHECK(status_of(verify_signature(with_signature(es256, bad), keys, all)) ==
            Status::token_rejected);

    const auto rs256 = token_of(Algorithm::rs256);
    const auto rsa = signature_of(rs256);
    REQUIRE(verify_signature(rs256, keys, all).ok());
    for (const auto& bad : {rsa.substr(1), rsa + '\0', '\0' + rsa, rsa + rsa})
      CHECK(status_of(verify_signature(with_signature(rs256, bad), keys, all)) ==
            Status::token_rejected);
    CHECK(text_of(verify_signature(with_signature(rs256, std::string(1025, 'x')), keys, all)) ==
          "token: the signature is too long");
  }

  TEST_CASE("LB-28: verify_signature: zero, the group order, and DER are no signatures") {
    const auto n = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    REQUIRE(n.has_value());
    const auto token = token_of(Algorithm::es256);
    const auto r_s = signature_of(token);
    const auto r = r_s.substr(0, 32), s = r_s.substr(32);
    const std::string zero(32, '\0');
    const auto keys = key_set(ec_key());
    for (const auto& bad :
         {zero + zero, zero + s, r + zero, *n + s, r + *n, *n + *n, std::string(64, '\xff'), s + r})
      CHECK(status_of(verify_signature(with_signature(token, bad), keys, all)) ==
            Status::token_rejected);
    // SEQUENCE { INTEGER r, INTEGER s } of the same numbers.
    const auto integer = [](const std::string& number) {
      const bool is_high = static_cast<unsigned char>(number[0]) >= 0x80;
      const auto content = (is_high ? std::string(1, '\0') : std::string()) + number;
      return std::string("\x02") + static_cast<char>(content.size()) + content;
    };
    const auto both = integer(r) + integer(s);
    const auto der = std::string("\x30") + static_cast<char>(both.size()) + both;
    CHECK(status_of(verify_signature(with_signature(token, der), keys, all)) ==
          Status::token_rejected);
    CHECK(verify_signature(token, keys, all).ok());
  }

  TEST_CASE("J-15, LB-16: verify_signature: encrypted tokens in either form") {
    const auto keys = key_set(rsa_key());
    const auto jwe = encoded(R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"k1"})");
    CHECK(status_of(verify_signature(jwe + ".AA.AA.AA.AA", keys, all)) == Status::token_rejected);
    CHECK(status_of(verify_signature(jwe + ".AA.AA", keys, all)) == Status::token_rejected);
    const auto header = R"({"alg":"RS256","kid":"k1","enc":"A256GCM"})";
    CHECK(status_of(verify_signature(mint_with(rsa_key(), "RS256", header, "x"), keys, all)) ==
          Status::token_rejected);
    CHECK(status_of(verify_signature(token_of(Algorithm::rs256) + ".AA.AA", keys, all)) ==
          Status::token_rejected);
  }

  TEST_CASE("J-04: verify_signature: the kid finds the key, and a wrong one finds none") {
    const auto other = MintKey::generate(MintKey::Kind::p256, "other");
    const auto keys = key_set({ec_key().jwk(), other.jwk()});
    const auto named = [](std::string_view kid) {
      return R"({"alg":"ES256","kid":")" + std::string(kid) + "\"}";
    };
    CHECK(verify_signature(mint_with(other, "ES256", named("other"), "x"), keys, all).ok());
    CHECK(status_of(verify_signature(mint_with(other, "ES256", named("k1"), "x"), keys, all)) ==
          Status::token_rejected);
    CHECK(status_of(verify_signature(mint_with(other, "ES256", named("new"), "x"), keys, all)) ==
          Status::key_unknown);
    CHECK(status_of(verify_signature(mint_with(other, "ES256", R"({"alg":"ES256"})", "x"), keys,
                                     all)) == Status::token_rejected);
  }

  TEST_CASE("LB-01: verify_signature: one algorithm's bytes under another's name") {
    const auto keys = key_set({rsa_key().jwk(), ec_key().named("e").jwk()});
    const auto header = R"({"alg":"RS256","kid":"k1"})";
    CHECK(status_of(verify_signature(mint_with(rsa_key(), "PS256", header, "x"), keys, all)) ==
          Status::token_rejected);
    CHECK(status_of(verify_signature(mint_with(rsa_key(), "RS512", header, "x"), keys, all)) ==
          Status::token_rejected);
    CHECK(status_of(verify_signature(mint_with(ec_key(), "ES256", header, "x"), keys, all)) ==
          Status::token_rejected);
  }

  TEST_CASE("verify_signature: what the payload says is not looked at") {
    const auto keys = key_set(rsa_key());
    using namespace std::string_view_literals;
    for (const auto payload : {"{"sv, "\0\xff"sv, "[[[[["sv, "{}"sv}) {
      const auto token =
          mint_with(rsa_key(), "RS256", support::mint_header(rsa_key()).str(), payload);
      CHECK(verify_signature(token, keys, all)->payload == payload);
    }
  }

  TEST_CASE("verify_signature: one set serves several threads") {
    const auto keys = key_set({rsa_key().jwk(), ec_key().named("e").jwk()});
    const auto good = token_of(Algorithm::rs256);
    const auto bad = with_signature(good, std::string(256, 'x'));
    std::array<int, 4> wrong{};
    std::vector<std::thread> threads;
    for (auto& count : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          if (!verify_signature(good, keys, all).ok()) ++count;
          if (verify_signature(bad, keys, all).ok()) ++count;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (const int count : wrong) CHECK(count == 0);
  }
}
