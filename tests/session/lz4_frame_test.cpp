#include "session/lz4_frame.hpp"

#include <doctest/doctest.h>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::session;

#if GATELET_HAVE_LZ4

namespace {

std::string bytes(std::string_view hex) { return from_hex(hex).value(); }

constexpr std::size_t no_limit = 1 << 24;

// A frame of "81a26361d6ff684ee180", as oauth2-proxy wrote it.
const std::string small = bytes("04224d186440a70a00008081a26361d6ff684ee18000000000c3ceeb3d");
const std::string small_content = bytes("81a26361d6ff684ee180");
const std::string skippable = bytes("5a2a4d1803000000616263");

std::string refusal(std::string_view frames, std::size_t limit = no_limit) {
  FrameReader reader;
  const auto result = reader.read(frames, limit);
  REQUIRE(!result.ok());
  CHECK(result.error().status == Status::session_invalid);
  return result.error().text;
}

std::string mixed(std::size_t size) {
  std::string out;
  unsigned state = 1;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out.push_back(static_cast<char>(state >> 24));
    if ((state & 7) == 0) out.append(10, 'a');
  }
  out.resize(size);
  return out;
}

}  // namespace

TEST_SUITE("session/lz4_frame") {
  TEST_CASE("read: a frame that oauth2-proxy wrote") {
    FrameReader reader;
    CHECK(reader.read(small, no_limit).value() == small_content);
  }

  TEST_CASE("write_frame: begins as oauth2-proxy's and reads back, at every size around a block") {
    FrameReader reader;
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{3000}, std::size_t{65535}, std::size_t{65536},
          std::size_t{65537}, std::size_t{131072}, std::size_t{1000000}}) {
      const auto content = mixed(size);
      const auto frame = write_frame(content).value();
      CHECK(to_hex(frame.substr(0, 7)) == "04224d186440a7");
      CHECK(reader.read(frame, no_limit).value() == content);
      reader.forget();
    }
  }

  TEST_CASE("read: several frames in a row are one content, skippable ones none") {
    FrameReader reader;
    CHECK(reader.read(small + small, no_limit).value() == small_content + small_content);
    CHECK(reader.read(skippable + small + skippable, no_limit).value() == small_content);
  }

  TEST_CASE("read: a reader serves again after a success and after a refusal") {
    FrameReader reader;
    for (int i = 0; i < 3; ++i) {
      CHECK(reader.read(small, no_limit).value() == small_content);
      CHECK_FALSE(reader.read(small.substr(0, 20), no_limit).ok());
      reader.forget();
      reader.forget();
    }
  }

  TEST_CASE("read: every cut and every flipped bit of a frame is refused, or reads the same") {
    for (std::size_t i = 0; i < small.size(); ++i) {
      CHECK_FALSE(refusal(std::string_view(small).substr(0, i)).empty());
      for (int bit = 0; bit < 8; ++bit) {
        auto damaged = small;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        FrameReader reader;
        const auto result = reader.read(damaged, no_limit);
        if (result.ok()) CHECK(*result == small_content);
      }
    }
  }

  TEST_CASE(
      "EN-20: read: nothing, stray bytes behind, a missing end and a dictionary are refused") {
    CHECK(refusal("") == "the compressed record is empty");
    CHECK(refusal(small + std::string(1, '\0')) == "the compressed record is cut short");
    CHECK(refusal(small + "stray bytes") == "the compressed record is damaged");
    CHECK(refusal(small.substr(0, small.size() - 4)) == "the compressed record is cut short");
    auto with_dictionary = small;
    with_dictionary[4] = 0x65;
    CHECK(refusal(with_dictionary) == "the compressed record needs a dictionary");
    CHECK(refusal(small + with_dictionary) == "the compressed record needs a dictionary");
  }

  TEST_CASE("read: a content of exactly the limit is read, one byte more is refused") {
    const auto content = mixed(100000);
    const auto frame = write_frame(content).value();
    FrameReader reader;
    CHECK(reader.read(frame, content.size()).value() == content);
    CHECK(refusal(frame, content.size() - 1) ==
          "the record is larger than the limit of 99999 bytes");
    CHECK(refusal(small, small_content.size() - 1).find("limit") != std::string::npos);
    CHECK(reader.read(small, small_content.size()).value() == small_content);
  }

  TEST_CASE("H-07: read: a bomb stops at the limit, whatever it would grow to") {
    const auto bomb = write_frame(std::string(64 << 20, 'a')).value();
    CHECK(bomb.size() < 300000);
    CHECK(refusal(bomb, 1 << 20).find("limit of 1048576") != std::string::npos);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += write_frame(std::string(5000, 'a')).value();
    CHECK(refusal(many, 1 << 20).find("limit") != std::string::npos);
  }

  TEST_CASE("forget: the content is overwritten") {
    FrameReader reader;
    const auto view = reader.read(small, no_limit).value();
    reader.forget();
    CHECK(view == std::string(small_content.size(), '\0'));  // the buffer of 64 KiB is kept
  }
}

#else

TEST_SUITE("session/lz4_frame") {
  TEST_CASE("read and write_frame: without liblz4 both say that it is not built in") {
    FrameReader reader;
    CHECK(reader.read("x", 10).error().status == Status::not_built);
    CHECK(write_frame("x").error().status == Status::not_built);
  }
}

#endif
