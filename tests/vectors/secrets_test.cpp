// Cookie secrets: which texts oauth2-proxy takes, and the AES key it makes of them.
#include <doctest/doctest.h>

#include "oauth2_proxy.hpp"

using namespace gatelet;
using namespace gatelet::session;

TEST_SUITE("vectors/secrets") {
  TEST_CASE("secrets.tsv: every text is taken or refused as by the reference, with the same key") {
    int num_valid = 0, num_invalid = 0;
    for (const auto& row : vectors::read_table("secrets.tsv")) {
      REQUIRE(row.size() == 5);
      const Secret text(vectors::percent_decoded(row[0]));
      CAPTURE(row[4]);
      const auto key = aes_key_of(text);
      CHECK(to_hex(key.reveal()) == row[2]);
      const auto keys = CookieKeys::make(text);
      CHECK(keys.ok() == (row[1] == "valid"));
      if (!keys.ok()) CHECK(keys.error().status == Status::invalid_value);
      ++(row[1] == "valid" ? num_valid : num_invalid);
    }
    CHECK(num_valid + num_invalid == 146);
    CHECK(num_valid == 26);
  }
}
