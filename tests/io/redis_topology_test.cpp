#include "io/redis_topology.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace gatelet;
using namespace gatelet::io;

namespace {

RedisReply reply(std::string_view bytes) {
  RedisReplyReader reader;
  reader.feed(bytes);
  return reader.take().value();
}

RedisReply error(std::string_view text) { return reply("-" + std::string(text) + "\r\n"); }

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// A range with a primary and its id, as Redis 7 writes it: with an array of more about the node.
std::string range(int first, int last, const std::string& host, int port) {
  return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*4\r\n" + host +
         ":" + std::to_string(port) + "\r\n" + bulk("id") + "*2\r\n" + bulk("hostname") +
         bulk("h.example");
}

}  // namespace

TEST_SUITE("io/redis_topology") {
  TEST_CASE("F-072: slots are those of the cluster's specification") {
    CHECK(redis_slot("123456789") == 0x31c3);  // the specification's own example of its CRC16
    CHECK(redis_slot("") == 0);
    CHECK(redis_slot("foo") == 12182);
    CHECK(redis_slot("_oauth2_proxy-0123456789abcdef") ==
          redis_slot("{_oauth2_proxy-0123456789abcdef}.lock"));
    CHECK(redis_slot("\xff\x80") == 0x9277 % num_redis_slots);
  }

  TEST_CASE("F-072: only what is in the first braces counts, unless nothing is") {
    CHECK(redis_slot("{user1000}.following") == redis_slot("user1000"));
    CHECK(redis_slot("foo{}{bar}") != redis_slot("bar"));
    CHECK(redis_slot("foo{{bar}}zap") == redis_slot("{bar"));
    CHECK(redis_slot("foo{bar}{zap}") == redis_slot("bar"));
    CHECK(redis_slot("foo{bar") != redis_slot("bar"));
    CHECK(redis_slot("}foo{bar}") == redis_slot("bar"));
  }

  TEST_CASE("F-071: ROLE: a primary, anything else that Redis may be, and no answer") {
    CHECK(read_role(reply("*3\r\n" + bulk("master") + ":3\r\n*0\r\n")) == RedisRole::primary);
    CHECK(read_role(reply("*5\r\n" + bulk("slave") + bulk("127.0.0.1") + ":6379\r\n" +
                          bulk("connected") + ":3\r\n")) == RedisRole::other);
    CHECK(read_role(reply("*2\r\n" + bulk("sentinel") + "*1\r\n" + bulk("m"))) == RedisRole::other);
    for (const auto& bytes :
         {std::string("*0\r\n"), "*1\r\n" + bulk("MASTER"), "*1\r\n" + bulk(""),
          std::string("*1\r\n:1\r\n"), bulk("master"), std::string("+master\r\n"),
          std::string("$-1\r\n"), std::string("*-1\r\n"), std::string("-ERR master\r\n")}) {
      CAPTURE(bytes);
      CHECK_FALSE(read_role(reply(bytes)));
    }
  }

  TEST_CASE("F-071: a Sentinel's answer is a host and a port, or none") {
    const auto read = [](const std::string& host, const std::string& port) {
      return read_primary(reply("*2\r\n" + bulk(host) + bulk(port)));
    };
    CHECK(read("127.0.0.1", "6380") == RedisAddress{"127.0.0.1", 6380});
    CHECK(read("2001:DB8::1", "1") == RedisAddress{"2001:db8::1", 1});
    CHECK(read("Primary_1.example", "65535") == RedisAddress{"primary_1.example", 65535});
    for (const auto* host : {"", " ", "a b", "a:b", "a/b", "a@b", "[::1]", "a..b", "?", "127.1"}) {
      CAPTURE(host);
      CHECK_FALSE(read(host, "6380"));
    }
    for (const auto* port : {"", "0", "65536", "-1", "+1", "6380 ", "x", "99999999999999999999"}) {
      CAPTURE(port);
      CHECK_FALSE(read("a", port));
    }
    for (const auto& bytes : {std::string("*-1\r\n"), std::string("$-1\r\n"), std::string("*0\r\n"),
                              "*1\r\n" + bulk("a"), "*2\r\n" + bulk("a") + ":6380\r\n",
                              "*3\r\n" + bulk("a") + bulk("1") + bulk("2"),
                              "*2\r\n$-1\r\n" + bulk("1"), std::string("-IDONTKNOW x\r\n")}) {
      CAPTURE(bytes);
      CHECK_FALSE(read_primary(reply(bytes)));
    }
  }

  TEST_CASE("F-072: a slot map: its primaries, with the asked host where none is named") {
    const auto slots =
        read_slots(reply("*4\r\n" + range(0, 5460, bulk("127.0.0.1"), 7000) +
                         range(5461, 10000, "$-1\r\n", 7001) + range(10001, 10001, bulk(""), 7002) +
                         range(10002, 16383, bulk("?"), 7003)),
                   "seed.example");
    REQUIRE(slots);
    CHECK(*slots == std::vector<RedisSlotRange>{{0, 5460, {"127.0.0.1", 7000}},
                                                {5461, 10000, {"seed.example", 7001}},
                                                {10001, 10001, {"seed.example", 7002}}});
    const auto empty = read_slots(reply("*0\r\n"), "seed.example");
    REQUIRE(empty);
    CHECK(empty->empty());
    // As servers before 4.0 write it, without ids.
    const auto old =
        read_slots(reply("*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n" + bulk("127.0.0.1") + ":7000\r\n"), "s");
    REQUIRE(old);
    CHECK(old->size() == 1);
  }

  TEST_CASE("F-072: a slot map that cannot be one is none") {
    const auto good = range(0, 5, bulk("a"), 7000);
    for (const auto& bytes :
         {"*2\r\n" + good + range(5, 6, bulk("a"), 7000), "*1\r\n" + range(6, 5, bulk("a"), 7000),
          "*1\r\n" + range(-1, 5, bulk("a"), 7000), "*1\r\n" + range(0, 16384, bulk("a"), 7000),
          "*1\r\n" + range(0, 5, bulk("a"), 0), "*1\r\n" + range(0, 5, bulk("a"), 65536),
          "*1\r\n" + range(0, 5, bulk("a b"), 7000), "*1\r\n" + range(0, 5, ":1\r\n", 7000),
          "*1\r\n" + range(0, 5, "+a\r\n", 7000), "*2\r\n" + good + ":1\r\n",
          "*2\r\n" + good + "*2\r\n:6\r\n:7\r\n",
          "*2\r\n" + good + "*3\r\n:6\r\n:7\r\n*1\r\n" + bulk("a"),
          "*2\r\n" + good + "*3\r\n" + bulk("6") + bulk("7") + "*2\r\n" + bulk("a") + ":1\r\n",
          std::string("$-1\r\n"), std::string("*-1\r\n"), std::string("+OK\r\n"),
          std::string("-ERR This instance has cluster support disabled\r\n")}) {
      CAPTURE(bytes);
      CHECK_FALSE(read_slots(reply(bytes), "seed.example"));
    }
    CHECK_FALSE(read_slots(reply("*1\r\n" + range(0, 5, "$-1\r\n", 7000)), ""));
  }

  TEST_CASE("F-072: MOVED and ASK name a slot and a server") {
    const auto read = [](std::string_view text) { return read_redirect(error(text), "asked"); };
    CHECK(read("MOVED 3999 127.0.0.1:6381") == RedisRedirect{true, 3999, {"127.0.0.1", 6381}});
    CHECK(read("ASK 0 node-1.example:6381") == RedisRedirect{false, 0, {"node-1.example", 6381}});
    CHECK(read("MOVED 16383 2001:db8::1:6381") ==
          RedisRedirect{true, 16383, {"2001:db8::1", 6381}});
    CHECK(read("MOVED 1 :6381") == RedisRedirect{true, 1, {"asked", 6381}});
    for (const auto* text :
         {"MOVED",           "MOVED ",      "MOVED 1",         "MOVED 1 ",        "MOVED 1 a",
          "MOVED 1 a:",      "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED 16384 a:1", "MOVED -1 a:1",
          "MOVED x a:1",     "MOVED  a:1",  "MOVED 1 a b:1",   "MOVED 1 ?:1",     "MOVED 1 a:1 ",
          "MOVED 1 [::1]:1", "MOVED a:1 1", "ASKED 1 a:1",     "MOVEDX 1 a:1",    "moved 1 a:1",
          "ERR MOVED 1 a:1"}) {
      CAPTURE(text);
      CHECK_FALSE(read(text));
    }
    CHECK_FALSE(read_redirect(reply("+MOVED 1 a:1\r\n"), "asked"));
    CHECK_FALSE(read_redirect(error("MOVED 1 :1"), ""));
  }
}
