#include "crypto/hash.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

TEST_SUITE("crypto/hash") {
  TEST_CASE("hash: FIPS 180 examples") {
    CHECK(to_hex(hash(Digest::sha256, "abc").value()) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(hash(Digest::sha384, "abc").value()) ==
          "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
          "8086072ba1e7cc2358baeca134c825a7");
    CHECK(to_hex(hash(Digest::sha512, "abc").value()) ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    CHECK(to_hex(hash(Digest::md5, "abc").value()) == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(to_hex(hash(Digest::sha1, "abc").value()) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(to_hex(hash(Digest::sha224, "abc").value()) ==
          "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
    CHECK(to_hex(hash(Digest::sha256, "").value()) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  TEST_CASE("Sha256: the same bytes as hash, use after use; another text gives others") {
    const Sha256 sha256;
    for (const std::string text : {"abc", "", "abd", "abc"}) {
      const auto digest = sha256(text).value();
      CHECK(hash(Digest::sha256, text).value() == std::string_view(digest.data(), digest.size()));
    }
    CHECK(sha256("abd").value() != sha256("abc").value());
    CHECK(ERR_peek_error() == 0);
  }
}
