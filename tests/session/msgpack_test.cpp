#include "session/msgpack.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::session::msgpack;

namespace {

std::string bytes(std::string_view hex) { return from_hex(hex).value(); }

template <class T>
std::string written(const T& value) {
  std::string out;
  Writer(out).write(value);
  return to_hex(out);
}

std::string written_text(std::string_view text) {
  std::string out;
  Writer(out).write_text(text);
  return out;
}

// The value that `hex` is, whole; nullopt when it cannot be read.
std::optional<Value> read_value(std::string_view hex) {
  const auto input = bytes(hex);
  Reader reader(input);
  Value value;
  if (!reader.read(value) || !reader.at_end()) return std::nullopt;
  return value;
}

template <class T>
std::optional<T> read_as(std::string_view hex) {
  const auto input = bytes(hex);
  Reader reader(input);
  T value{};
  if (!reader.read(value)) return std::nullopt;
  return value;
}

std::optional<std::string> read_text(std::string_view hex) {
  const auto input = bytes(hex);
  Reader reader(input);
  std::string_view text;
  if (!reader.read(text)) return std::nullopt;
  return std::string(text);
}

bool skips(std::string_view hex) {
  const auto input = bytes(hex);
  Reader reader(input);
  return reader.skip() && reader.at_end();
}

}  // namespace

TEST_SUITE("session/msgpack") {
  TEST_CASE("read: a text in every encoding, str or bin") {
    for (const char* hex : {"a3616263", "d903616263", "da0003616263", "db00000003616263",
                            "c403616263", "c50003616263", "c600000003616263"})
      CHECK(read_text(hex) == "abc");
  }

  TEST_CASE("read: a text of another type, or cut short, is refused") {
    for (const char* hex : {"", "a3", "a36162", "d9", "d903", "d9036162", "da00", "dbffffffff61",
                            "c6ffffffff61", "01", "c0", "c3", "90", "80", "d6ff00000000", "c1"})
      CHECK_FALSE(read_text(hex).has_value());
  }

  TEST_CASE("read: a time in its three forms, under any extension header") {
    CHECK(read_as<Time>("d6ff684ee180") == Time{1750000000, 0});
    CHECK(read_as<Time>("d7ff00000014684ee180") == Time{1750000000, 5});
    CHECK(read_as<Time>("c70cff0000000500000000684ee180") == Time{1750000000, 5});
    CHECK(read_as<Time>("c704ff684ee180") == Time{1750000000, 0});
    CHECK(read_as<Time>("c80004ff684ee180") == Time{1750000000, 0});
    CHECK(read_as<Time>("c900000004ff684ee180") == Time{1750000000, 0});
    CHECK(read_as<Time>("c70cff00000000ffffffffffffffff") == Time{-1, 0});
    CHECK(read_as<Time>("c70cff3b9ac9ff8000000000000000") ==
          Time{std::numeric_limits<std::int64_t>::min(), 999999999});
  }

  TEST_CASE("read: another extension, size or type is no time, nor a second of nanoseconds") {
    for (const char* hex :
         {"d60d684ee180", "d600684ee180", "d4ff01", "d8ff00000000000000000000000000000000",
          "c700ff", "ce684ee180", "a4684ee180", "d6ff684ee1", "d7ffee6b2800684ee180",
          "c70cff3b9aca000000000000000000", "c0"})
      CHECK_FALSE(read_as<Time>(hex).has_value());
  }

  TEST_CASE("read: a flag is true or false, nothing else") {
    CHECK(read_as<bool>("c3") == true);
    CHECK(read_as<bool>("c2") == false);
    for (const char* hex : {"01", "00", "c0", "a474727565", ""})
      CHECK_FALSE(read_as<bool>(hex).has_value());
  }

  TEST_CASE("read: any value, numbers at every width") {
    const auto integer = [](std::int64_t n) { return Value(n); };
    CHECK(read_value("7f") == integer(127));
    CHECK(read_value("e0") == integer(-32));
    CHECK(read_value("ccff") == integer(255));
    CHECK(read_value("cdffff") == integer(65535));
    CHECK(read_value("ceffffffff") == integer(4294967295));
    CHECK(read_value("cf7fffffffffffffff") == integer(std::numeric_limits<std::int64_t>::max()));
    CHECK(read_value("cfffffffffffffffff") == Value(std::numeric_limits<std::uint64_t>::max()));
    CHECK(read_value("d080") == integer(-128));
    CHECK(read_value("d18000") == integer(-32768));
    CHECK(read_value("d280000000") == integer(-2147483648));
    CHECK(read_value("d38000000000000000") == integer(std::numeric_limits<std::int64_t>::min()));
    CHECK(read_value("ca3e800000") == Value(0.25));
    CHECK(read_value("cb3ff8000000000000") == Value(1.5));
    CHECK(read_value("c0") == Value());
    CHECK(read_value("c4020001") == Value(Binary{std::string("\0\1", 2)}));
    CHECK(read_value("d6ff684ee180") == Value(Time{1750000000, 0}));
    CHECK(read_value("92a16180") == Value(Array{Value(std::string("a")), Value(Map{})}));
    CHECK(read_value("81a16bc3") == Value(Map{{"k", Value(true)}}));
  }

  TEST_CASE("read: an unknown extension, a key that is no text and 0xc1 are no values") {
    for (const char* hex : {"d42a01", "810102", "81c002", "c1", "91c1", "9101ff"})
      CHECK_FALSE(read_value(hex).has_value());
  }

  TEST_CASE("read: values nest eight deep and no deeper") {
    CHECK(read_value("9191919191919101").has_value());
    CHECK_FALSE(read_value("919191919191919101").has_value());
    CHECK_FALSE(read_value(std::string(6000, '9').replace(0, 2, "91") + "01").has_value());
  }

  TEST_CASE(
      "H-07: read: a count is checked against the bytes that are there before anything is taken") {
    for (const char* hex :
         {"ddffffffff01", "dfffffffff01", "dc000301", "92", "81a16b", "de0002a16101"})
      CHECK_FALSE(read_value(hex).has_value());
    std::size_t count = 0;
    const auto list = bytes("ddffffffff01");
    CHECK_FALSE(Reader(list).read_array(count));
    const auto map = bytes("82a16101");
    CHECK_FALSE(Reader(map).read_map(count));
    const auto fits = bytes("81a16101");
    CHECK(Reader(fits).read_map(count));
    CHECK(count == 1);
  }

  TEST_CASE("read: a list has at most 4096 elements, one input at most 16384 values") {
    std::string at_limit = bytes("dc1000") + std::string(4096, '\1');
    Value value;
    CHECK(Reader(at_limit).read(value));
    std::string above = bytes("dc1001") + std::string(4097, '\1');
    CHECK_FALSE(Reader(above).read(value));

    const std::string inner = bytes("dc0fff") + std::string(4095, '\1');
    CHECK(Reader(bytes("93") + inner + inner + inner).read(value));
    const std::string many = bytes("95") + inner + inner + inner + inner + inner;
    CHECK_FALSE(Reader(many).read(value));
  }

  TEST_CASE("skip: steps over any one value, known or not, however deep") {
    for (const char* hex :
         {"01", "c0", "cb0000000000000000", "920181a161c3", "d5010203", "c70309010203", "c4020000",
          "d90178", "d80100000000000000000000000000000000", "dd00000000", "80"})
      CHECK(skips(hex));
    std::string deep(100000, static_cast<char>(0x91));
    deep.push_back('\1');
    Reader reader(deep);
    CHECK(reader.skip());
    CHECK(reader.at_end());
  }

  TEST_CASE("skip: refuses 0xc1 and whatever ends too early") {
    for (const char* hex : {"", "c1", "9201", "92c101", "ddffffffff", "dfffffffff0101", "d9", "c7",
                            "c70309", "d4", "82a16101a162"})
      CHECK_FALSE(skips(hex));
  }

  TEST_CASE("take_nil: takes a nil and nothing else") {
    const auto input = bytes("c001");
    Reader reader(input);
    CHECK(reader.take_nil());
    CHECK_FALSE(reader.take_nil());
    CHECK(reader.skip());
    CHECK_FALSE(reader.take_nil());
  }

  TEST_CASE("write: texts, lists and maps in the shortest encoding") {
    for (const auto& [size, head] : {std::pair{0, "a0"},
                                     {31, "bf"},
                                     {32, "d920"},
                                     {255, "d9ff"},
                                     {256, "da0100"},
                                     {65535, "daffff"},
                                     {65536, "db00010000"}}) {
      const auto text = written_text(std::string(static_cast<std::size_t>(size), 'x'));
      CHECK(to_hex(text).starts_with(head));
      CHECK(text.size() == std::string_view(head).size() / 2 + static_cast<std::size_t>(size));
    }
    CHECK(written(Value(Binary{"ab"})) == "c4026162");
    CHECK(written(Value(Array(15))).starts_with("9f"));
    CHECK(written(Value(Array(16))).starts_with("dc0010"));
    CHECK(written(Value(Array(65536))).starts_with("dd00010000"));
    CHECK(written(Value(Map(15))).starts_with("8f"));
    CHECK(written(Value(Map(16))).starts_with("de0010"));
  }

  TEST_CASE("write: numbers in nine bytes, flags and nil in one") {
    CHECK(written(Value(std::int64_t{1})) == "d30000000000000001");
    CHECK(written(Value(std::int64_t{-1})) == "d3ffffffffffffffff");
    CHECK(written(Value(std::uint64_t{1})) == "cf0000000000000001");
    CHECK(written(Value(1.5)) == "cb3ff8000000000000");
    CHECK(written(Value(true)) == "c3");
    CHECK(written(Value(false)) == "c2");
    CHECK(written(Value()) == "c0");
  }

  TEST_CASE("write: a time in the form Go's library chooses, at every border") {
    CHECK(written(Time{0, 0}) == "d6ff00000000");
    CHECK(written(Time{4294967295, 0}) == "d6ffffffffff");
    CHECK(written(Time{4294967296, 0}) == "d7ff0000000100000000");
    CHECK(written(Time{0, 1}) == "d7ff0000000400000000");
    CHECK(written(Time{17179869183, 999999999}) == "d7ffee6b27ffffffffff");
    CHECK(written(Time{17179869184, 0}) == "c70cff000000000000000400000000");
    CHECK(written(Time{-1, 7}) == "c70cff00000007ffffffffffffffff");
  }

  TEST_CASE("write: what is written reads back equal") {
    const Value value(Map{{"list", Value(Array{Value(), Value(true), Value(-2.5)})},
                          {"", Value(std::string("\xff\xfe"))},
                          {"time", Value(Time{-62135596800, 0})},
                          {"map", Value(Map{{"bin", Value(Binary{""})}})}});
    std::string out;
    Writer(out).write(value);
    Reader reader(out);
    Value again;
    REQUIRE(reader.read(again));
    CHECK(reader.at_end());
    CHECK(again == value);
    CHECK_FALSE(again == Value());
  }
}
