// Wycheproof files as the tests read them: by a JSON reader that is not the library's own.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace gatelet::vectors {

using Json = nlohmann::json;

// A file of tests/vectors/wycheproof. Ends the test run when it cannot be read or lacks tests.
inline Json load(const std::string& name) {
  std::ifstream file(std::string(VECTORS_DIR "/wycheproof/") + name);
  REQUIRE_MESSAGE(file.good(), "cannot open " << name);
  Json document = Json::parse(file);
  std::size_t num_tests = 0;
  for (const auto& group : document.at("testGroups")) num_tests += group.at("tests").size();
  REQUIRE(num_tests == document.at("numberOfTests").get<std::size_t>());
  return document;
}

inline std::string bytes_at(const Json& object, const char* name) {
  const auto bytes = from_hex(object.at(name).get<std::string>());
  REQUIRE(bytes.has_value());
  return *bytes;
}

// Why our verdict may differ from the file's. Every difference that a test lets pass has one; the
// sentences stand in README.md.
enum class Waiver : std::uint8_t {
  none,
  symmetric,      // the HS family does not exist here
  upstream_typo,  // the key's alg is not the token's, or no algorithm at all
  not_base64url,  // a character outside the alphabet is refused wherever it stands
  short_tag,      // a MAC counts only whole
  fixed_hash,     // JOSE fixes hash, MGF1 and salt
  der_encoding,   // JOSE signatures are r ‖ s
  nonce_size,     // GCM here takes 12 bytes
  our_salt,       // wrong for the file's parameters, right for JOSE's: the one that accepts
};

struct Verdict {
  bool accepted = false;
  Waiver waiver = Waiver::none;
};

// What a test did with a set of vectors. `accepted` and `refused` add up to `executed`; `waived`
// counts those whose verdict differs from the file's for a stated reason.
struct Tally {
  int executed = 0;
  int accepted = 0;
  int refused = 0;
  int waived = 0;

  // Takes in one vector. A verdict unlike the file's needs a waiver, and a waiver that is not
  // needed is an error too. "acceptable" counts as invalid: we refuse what nobody has to accept.
  void add(const Json& test, Verdict verdict) {
    CAPTURE(test.at("tcId").get<int>());
    CAPTURE(test.at("comment").get<std::string>());
    const bool is_valid = test.at("result") == "valid";
    ++executed;
    ++(verdict.accepted ? accepted : refused);
    if (verdict.accepted == is_valid) return;
    CHECK_MESSAGE(verdict.waiver != Waiver::none, "the file says " << test.at("result"));
    CHECK(verdict.accepted == (verdict.waiver == Waiver::our_salt));
    ++waived;
  }

  friend bool operator==(const Tally&, const Tally&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Tally& t) {
    return out << t.executed << " executed, " << t.accepted << " accepted, " << t.refused
               << " refused, " << t.waived << " waived";
  }
};

// Runs `judge(group, test) -> Verdict` over every vector of a file.
template <class Judge>
Tally run(const std::string& file, Judge judge) {
  CAPTURE(file);
  Tally tally;
  for (const Json document = load(file); const auto& group : document.at("testGroups")) {
    for (const auto& test : group.at("tests")) tally.add(test, judge(group, test));
  }
  return tally;
}

}  // namespace gatelet::vectors
