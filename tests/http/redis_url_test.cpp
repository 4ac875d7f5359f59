#include "http/redis_url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;

namespace {

RedisUrl read(std::string_view text) {
  CAPTURE(text);
  auto url = parse_redis_url(text);
  if (!url.ok()) FAIL(url.error().text);
  return std::move(url).value();
}

bool refuses(std::string_view text, std::string_view because) {
  const auto url = parse_redis_url(text);
  if (url.ok()) return false;
  if (url.error().status == Status::malformed &&
      url.error().text.find(because) != std::string::npos)
    return true;
  MESSAGE(text, ": ", url.error().text);
  return false;
}

}  // namespace

TEST_SUITE("http/redis_url") {
  TEST_CASE("F-070: host, port, database; what is left out has Redis' own value") {
    const auto url = read("redis://redis.internal:6380/3");
    CHECK(url.host == "redis.internal");
    CHECK(url.port == 6380);
    CHECK(url.database == 3);
    CHECK_FALSE(url.is_tls);
    CHECK(url.password.empty());

    for (const auto* text : {"redis://", "redis:///", "redis://:6379", "redis://localhost",
                             "REDIS://LOCALHOST:6379/0", "redis://localhost:/"}) {
      const auto plain = read(text);
      CHECK(plain.host == "localhost");
      CHECK(plain.port == 6379);
      CHECK(plain.database == 0);
    }
    CHECK(read("redis://[::1]:7/1").host == "::1");
    CHECK(read("redis://[::1]").port == 6379);
    CHECK(read("redis://10.0.0.7").host == "10.0.0.7");
  }

  TEST_CASE("F-070: a port, a host, a database that cannot be are refused") {
    for (const auto* text : {"redis://h:0", "redis://h:65536", "redis://h:6379x", "redis://a b",
                             "redis://h:1:2", "redis://[::1", "redis://h\\x", "redis://.h"}) {
      CHECK(refuses(text, "host:port"));
    }
    for (const auto* text :
         {"redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h/99999999999", "redis://h?db=x",
          "redis://h?db=-1", "redis://h/%31"}) {
      CHECK(refuses(text, "a database is a number"));
    }
    for (const auto* text : {"", "h:6379", "http://h", "redis:h", "redis:/h", "//h", "rediss"}) {
      CHECK(refuses(text, "expected redis://"));
    }
    CHECK(refuses("redis://h/\n", "control byte"));
    CHECK(refuses(std::string_view("redis://h\0", 10), "control byte"));
    CHECK(refuses("redis://" + std::string(9000, 'h'), "8 KiB"));
  }

  TEST_CASE("F-070: user and password are decoded once, a plus stays a plus") {
    const auto url = read("redis://us%65r:p%40ss%2Fw%3A%25rd+:x@h");
    CHECK(url.user.reveal() == "user");
    CHECK(url.password.reveal() == "p@ss/w:%rd+:x");
    CHECK(read("redis://:pw@h").user.empty());
    CHECK(read("redis://:pw@h").password.reveal() == "pw");
    CHECK(read("redis://user@h").user.reveal() == "user");
    CHECK(read("redis://a@b:c@d@h").user.reveal() == "a@b");
    CHECK(read("redis://a@b:c@d@h").password.reveal() == "c@d");
    CHECK(read("redis://:%00%0a@h").password.reveal() == std::string_view("\0\n", 2));
  }

  TEST_CASE("an error repeats nothing of a URL, which may hold a password") {
    const auto no_canary = [](std::string_view text) {
      const auto url = parse_redis_url(text);
      CAPTURE(text);
      REQUIRE_FALSE(url.ok());
      CHECK(url.error().text.find("canary") == std::string::npos);
    };
    for (const auto* text :
         {"redis://u:canary%@h", "redis://u:canary^@h", "redis://u:canary/x@h",
          "redis://u:canary?x@h", "redis://u:canary#x@h", "redis://u:canary@h:x",
          "redis://u:canary@h?x=1", "canary", "redis://u:x?canary=@h", "unix://u:canary@h/x",
          "redis://u:p%zzcanary@h", "redis://u:canary@h/canary", "unix://u:p@/a?canary"}) {
      no_canary(text);
    }
  }

  TEST_CASE("F-073: rediss asks for TLS; only there the verification can be given up") {
    CHECK(read("rediss://h").is_tls);
    CHECK_FALSE(read("rediss://h").skip_verify);
    CHECK(read("rediss://h?skip_verify=true").skip_verify);
    CHECK_FALSE(read("rediss://h?skip_verify=1&skip_verify=0").skip_verify);
    CHECK(refuses("rediss://h?skip_verify=yes", "true or false"));
    CHECK(refuses("redis://h?skip_verify=true", "not known"));
  }

  TEST_CASE("F-070: unix URLs name a path, and nothing before it but who signs in") {
    const auto url = read("unix://user:pw@/run/redis/a%20b.sock?db=4");
    CHECK(url.path == "/run/redis/a b.sock");
    CHECK(url.host.empty());
    CHECK(url.database == 4);
    CHECK(url.user.reveal() == "user");
    CHECK(url.password.reveal() == "pw");
    CHECK(read("unix:///run/redis.sock").database == 0);
    CHECK(refuses("unix://run/redis.sock", "three slashes"));
    CHECK(refuses("unix://", "path of a socket"));
    CHECK(refuses("unix:///a%00b", "path of a socket"));
    CHECK(refuses("unix:///a%zz", "path of a socket"));
    CHECK(read("unix:///" + std::string(106, 'a')).path.size() == 107);
    CHECK(refuses("unix:///" + std::string(107, 'a'), "107 bytes"));
  }

  TEST_CASE(
      "parameters: db wins over the path, the last one over the others; tuning is passed over") {
    CHECK(read("redis://h/1?db=2").database == 2);
    CHECK(read("redis://h?db=2&db=3").database == 3);
    CHECK(read("redis://h/1?db=").database == 1);
    CHECK(read("redis://h/5?dial_timeout=3&pool_size=20&idle_timeout=5m&protocol=3").database == 5);
    CHECK(refuses("redis://h?pool_sise=20", "not known"));
    CHECK(refuses("redis://h?password=x", "not known"));
    CHECK(refuses("redis://h?db=%zz", "query"));
  }
}
