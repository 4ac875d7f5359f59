#include "io/redis_reply.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::io;
using Type = RedisReply::Type;

namespace {

struct Read {
  std::vector<RedisReply> replies;
  std::string fault;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(std::string_view bytes, std::size_t piece_size = std::string::npos) {
  RedisReplyReader reader;
  Read read;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, piece_size));
    bytes.remove_prefix(std::min(piece_size, bytes.size()));
  }
  while (auto reply = reader.take()) read.replies.push_back(std::move(*reply));
  read.fault = reader.fault();
  return read;
}

RedisReply only(std::string_view bytes) {
  auto all = read(bytes);
  REQUIRE(all.fault.empty());
  REQUIRE(all.replies.size() == 1);
  return all.replies[0];
}

RedisReply text(Type type, std::string text) { return {type, std::move(text), 0, {}}; }
RedisReply number(long long value) { return {Type::integer, {}, value, {}}; }

std::string bulk(std::size_t size) {
  return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
}

}  // namespace

TEST_SUITE("io/redis_reply") {
  TEST_CASE("each type of RESP2 is read, byte for byte") {
    CHECK(only("+OK\r\n") == text(Type::status, "OK"));
    CHECK(only("-ERR no\r\n") == text(Type::error, "ERR no"));
    CHECK(only(":-7\r\n") == number(-7));
    CHECK(only("$-1\r\n") == RedisReply{});
    CHECK(only("*-1\r\n") == RedisReply{});
    CHECK(only("$0\r\n\r\n") == text(Type::string, ""));
    CHECK(only(std::string("$6\r\n\0\r\n$1\xff\r\n", 12)) ==
          text(Type::string, std::string("\0\r\n$1\xff", 6)));
    CHECK(only("*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n+x\r\n") ==
          RedisReply{Type::array,
                     {},
                     0,
                     {number(1),
                      {Type::array, {}, 0, {text(Type::string, "a"), {}}},
                      text(Type::status, "x")}});
    CHECK(only("*0\r\n") == RedisReply{Type::array, {}, 0, {}});
  }

  TEST_CASE("replies in a row, cut anywhere, are the same replies") {
    const auto bytes =
        "+OK\r\n$5\r\nab\r\nc\r\n:1\r\n*2\r\n+a\r\n*1\r\n:2\r\n-E x\r\n" + bulk(40'000) + "$-1\r\n";
    const auto whole = read(bytes);
    REQUIRE(whole.fault.empty());
    CHECK(whole.replies.size() == 7);
    for (const std::size_t size : {1U, 2U, 3U, 7U, 1000U, 16'384U, 16'385U})
      CHECK(read(bytes, size) == whole);
  }

  TEST_CASE("what is not whole yet is no reply") {
    for (const auto* bytes : {"+OK", "$5\r\nab", "*2\r\n:1\r\n", ":1\r", "$"}) {
      CHECK(read(bytes) == Read{});
    }
  }

  TEST_CASE("RD-02: counts that cannot be are refused before memory is taken") {
    for (const auto* bytes :
         {"*4294967296\r\n", "*9223372036854775807\r\n", "*-2\r\n", "*16385\r\n",
          "*99999999999999999999\r\n", "*16000\r\n*385\r\n", "$-2\r\n", "$99999999999999999999\r\n",
          ":x\r\n", "hello\r\n", "$1\r\nab\r\n", "HTTP/1.1 400 Bad Request\r\n"}) {
      CAPTURE(bytes);
      const auto seen = read(std::string(bytes) + "+OK\r\n+OK\r\n");
      CHECK_FALSE(seen.fault.empty());
      CHECK(seen.replies.empty());
    }
    std::string most = "*16384\r\n";
    for (int i = 0; i < 16384; ++i) most += ":1\r\n";
    CHECK(only(most).items.size() == 16384);
  }

  TEST_CASE("RD-03, RD-04: nesting is bounded, types of RESP3 are refused") {
    std::string deep, deepest;
    for (int i = 0; i < RedisReplyReader::max_depth; ++i) deep += "*1\r\n";
    deepest = deep + "*1\r\n:1\r\n";
    CHECK(only(deep + ":1\r\n").items.size() == 1);
    CHECK(read(deepest).fault == "its arrays are nested too deep");
    std::string abyss;
    for (int i = 0; i < 100'000; ++i) abyss += "*1\r\n";
    CHECK_FALSE(read(abyss).fault.empty());
    for (const auto* bytes :
         {"%1\r\n+a\r\n+b\r\n", "%9223372036854775807\r\n", "~1\r\n+a\r\n", ">1\r\n+a\r\n",
          "|1\r\n+a\r\n+b\r\n+c\r\n", "_\r\n", ",1.5\r\n", "#t\r\n", "(1\r\n", "=5\r\ntxt:a\r\n",
          "*1\r\n#t\r\n", "*1\r\n%1\r\n+a\r\n+b\r\n", "!3\r\nERR\r\n"}) {
      CAPTURE(bytes);
      CHECK_FALSE(read(bytes).fault.empty());
    }
  }

  TEST_CASE("RD-04: a limit below what the reply under way has already lets it have no more") {
    RedisReplyReader reader(100);
    reader.feed("*50\r\n");
    reader.limit_elements(10);
    reader.feed("*2000\r\n");
    CHECK(reader.fault() == "its arrays have too many elements");

    RedisReplyReader full(50);
    full.feed("*50\r\n*0\r\n");
    CHECK(full.fault().empty());
    full.feed("*1\r\n");
    CHECK(full.fault() == "its arrays have too many elements");
  }

  TEST_CASE("RD-06: a reply of 1 MiB is read, one byte more is not, however it is cut") {
    const auto largest = bulk(RedisReplyReader::max_reply_size - 12);  // "$1048564\r\n" and "\r\n"
    REQUIRE(largest.size() == RedisReplyReader::max_reply_size);
    const auto too_large = bulk(RedisReplyReader::max_reply_size - 11);
    for (const std::size_t size : {std::string::npos, std::size_t{1000}, std::size_t{16'384}}) {
      const auto seen = read("+OK\r\n" + largest + "+OK\r\n" + largest, size);
      CHECK(seen.fault.empty());
      CHECK(seen.replies.size() == 4);
      const auto refused = read("+OK\r\n" + too_large + "+OK\r\n", size);
      CHECK(refused.fault == "it is larger than 1 MiB");
      CHECK(refused.replies.size() == 1);
    }
    CHECK(read("$536870912\r\n" + std::string(RedisReplyReader::max_reply_size, 'x')).fault ==
          "it is larger than 1 MiB");
    CHECK(read("+" + std::string(RedisReplyReader::max_reply_size, 'x')).fault ==
          "it is larger than 1 MiB");

    RedisReplyReader large, other;
    large.feed("+OK\r\n$536870912\r\n");
    CHECK_FALSE(large.is_too_large());  // not before it is
    large.feed(std::string(RedisReplyReader::max_reply_size, 'x'));
    CHECK(large.is_too_large());
    CHECK(large.take());
    CHECK_FALSE(large.take());
    other.feed("?\r\n" + std::string(2 * RedisReplyReader::max_reply_size, 'x'));
    CHECK_FALSE(other.fault().empty());
    CHECK_FALSE(other.is_too_large());
  }
}
