// HMAC against Wycheproof.
#include <array>

#include "crypto/hmac.hpp"
#include "vectors/wycheproof.hpp"

using namespace gatelet;
using namespace gatelet::vectors;
using crypto::Digest;
using crypto::HmacKey;

namespace {

// Truncated tags (half of each file) are checked against the start of ours: the file's verdict on
// the value is tested too, though verify() takes whole tags only.
struct Counts {
  Tally whole;
  Tally truncated;
};

Counts run_macs(const std::string& file, Digest digest) {
  CAPTURE(file);
  Counts counts;
  for (const Json document = load(file); const auto& group : document.at("testGroups")) {
    const bool is_whole = group.at("tagSize").get<std::size_t>() == 8 * digest_size(digest);
    for (const auto& test : group.at("tests")) {
      const auto key = HmacKey::make(digest, Secret(bytes_at(test, "key"))).value();
      const auto message = bytes_at(test, "msg");
      const auto tag = bytes_at(test, "tag");
      const bool accepted = key.verify({message}, tag);
      if (is_whole) {
        counts.whole.add(test, {accepted, Waiver::none});
        continue;
      }
      counts.truncated.add(test, {accepted, Waiver::short_tag});
      const auto start = key.mac({message}).value().substr(0, tag.size());
      CHECK((start == tag) == (test.at("result") == "valid"));
    }
  }
  return counts;
}

}  // namespace

TEST_SUITE("vectors/wycheproof_hmac") {
  TEST_CASE("HMAC: 522 vectors; a whole tag is judged as the file says, a short one is refused") {
    struct File {
      const char* name;
      Digest digest;
    };
    constexpr std::array<File, 3> files = {{{"hmac_sha256_test.json", Digest::sha256},
                                            {"hmac_sha384_test.json", Digest::sha384},
                                            {"hmac_sha512_test.json", Digest::sha512}}};
    int executed = 0;
    for (const auto& file : files) {
      CAPTURE(file.name);
      const auto counts = run_macs(file.name, file.digest);
      CHECK(counts.whole == Tally{87, 33, 54, 0});
      CHECK(counts.truncated == Tally{87, 0, 87, 33});
      executed += counts.whole.executed + counts.truncated.executed;
    }
    CHECK(executed == 522);
  }
}
