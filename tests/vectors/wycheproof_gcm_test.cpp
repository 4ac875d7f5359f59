// AES-GCM against Wycheproof.
#include "crypto/gcm.hpp"
#include "vectors/wycheproof.hpp"

using namespace gatelet;
using namespace gatelet::vectors;
using crypto::Gcm;

TEST_SUITE("vectors/wycheproof_gcm") {
  TEST_CASE("AES-GCM: 316 vectors; with another nonce than one of 12 bytes nothing is opened") {
    const auto gcm = Gcm::make().value();
    Tally tally;
    for (const Json document = load("aes_gcm_test.json");
         const auto& group : document.at("testGroups")) {
      const bool is_ours = group.at("ivSize") == 96;
      for (const auto& test : group.at("tests")) {
        const auto key = bytes_at(test, "key"), nonce = bytes_at(test, "iv");
        const auto data = bytes_at(test, "aad"), plain = bytes_at(test, "msg");
        const auto sealed = bytes_at(test, "ct") + bytes_at(test, "tag");
        auto text = sealed;
        const auto done = gcm.open_in_place(key, nonce, data, text.data(), text.size());
        const bool accepted = done.ok() && text.starts_with(plain);
        tally.add(test, {accepted, is_ours ? Waiver::none : Waiver::nonce_size});
        if (!is_ours) continue;
        std::string made;
        REQUIRE(gcm.seal(key, nonce, data, plain, made).ok());
        CHECK((made == sealed) == (test.at("result") == "valid"));
      }
    }
    CHECK(tally == Tally{316, 116, 200, 113});
  }
}
