// The signed tokens that the RFCs print: RFC 7515 appendix A, RFC 7520 section 4, RFC 8037 A.4.
#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "jose/signature.hpp"

using namespace gatelet;
using Json = nlohmann::json;

namespace {

struct Example {
  std::string source;
  jose::Algorithm algorithm;
  jose::KeySet keys;
  std::string jws;
};

std::vector<Example> examples() {
  std::ifstream file(VECTORS_DIR "/rfc_jose.json");
  REQUIRE(file.good());
  std::vector<Example> out;
  for (const auto& entry : Json::parse(file)) {
    auto keys = jose::parse_key_set(Json{{"keys", Json::array({entry.at("jwk")})}}.dump());
    REQUIRE(keys.ok());
    out.push_back({entry.at("source").get<std::string>(),
                   jose::parse_algorithm(entry.at("alg").get<std::string>()).value(),
                   std::move(*keys), entry.at("jws").get<std::string>()});
  }
  REQUIRE(out.size() == 7);
  return out;
}

bool accepts(std::string_view jws, const jose::KeySet& keys, jose::Algorithm algorithm) {
  const std::array algorithms = {algorithm};
  return jose::verify_signature(jws, keys, algorithms).ok();
}

}  // namespace

TEST_SUITE("vectors/rfc_jose") {
  TEST_CASE("each printed token is accepted with its key and algorithm") {
    for (const auto& example : examples()) {
      CAPTURE(example.source);
      CHECK(accepts(example.jws, example.keys, example.algorithm));
    }
  }

  TEST_CASE("the payloads come out as printed") {
    const auto all = examples();
    const std::array es512 = {jose::Algorithm::es512};
    const auto payload = jose::verify_signature(all[2].jws, all[2].keys, es512);
    REQUIRE(payload.ok());
    CHECK(payload->payload == "Payload");
    const std::array eddsa = {jose::Algorithm::eddsa};
    const auto signing = jose::verify_signature(all[6].jws, all[6].keys, eddsa);
    REQUIRE(signing.ok());
    CHECK(signing->payload == "Example of Ed25519 signing");
  }

  TEST_CASE("no printed token passes with one character changed, wherever it stands") {
    for (const auto& example : examples()) {
      CAPTURE(example.source);
      // Every place of the short ones, every seventh of the long.
      for (std::size_t at = 0; at < example.jws.size(); at += 7) {
        auto changed = example.jws;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        CAPTURE(at);
        CHECK_FALSE(accepts(changed, example.keys, example.algorithm));
      }
    }
  }

  TEST_CASE("no printed token passes with another's key, or where another algorithm is expected") {
    const auto all = examples();
    for (const auto& token : all) {
      for (const auto& other : all) {
        CAPTURE(token.source);
        CAPTURE(other.source);
        // RFC 7520 signs 4.1 and 4.2 with one key.
        const bool is_same_key =
            token.source == other.source ||
            (token.source.starts_with("RFC 7520 4.") && other.source.starts_with("RFC 7520 4.") &&
             token.algorithm != jose::Algorithm::es512 &&
             other.algorithm != jose::Algorithm::es512);
        CHECK(accepts(token.jws, other.keys, token.algorithm) == is_same_key);
        if (token.algorithm != other.algorithm)
          CHECK_FALSE(accepts(token.jws, token.keys, other.algorithm));
      }
    }
  }
}
