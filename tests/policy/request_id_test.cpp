#include "policy/request_id.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;

namespace {

std::string id_of(const std::vector<HeaderView>& headers, const policy::Policy& policy = {}) {
  return std::string(policy::request_id(policy, headers));
}

}  // namespace

TEST_SUITE("policy/request_id") {
  TEST_CASE("request_id: the request's own, whatever the letter case of the name") {
    CHECK(id_of({{"x-request-id", "a1B2-c3_d4.e5"}}) == "a1B2-c3_d4.e5");
    CHECK(id_of({{"X-Request-Id", "1-6789:ab/cd=ef@1+2~3"}}) == "1-6789:ab/cd=ef@1+2~3");
  }

  TEST_CASE("EN-22: a request id holds nothing that could spoil a log line or a page") {
    for (const std::string value : {"", "a b", "a\tb", "<script>", "a\"b", "a;b", "\xc3\xa4"}) {
      CAPTURE(value);
      CHECK(id_of({{"X-Request-Id", value}}).empty());
    }
    const std::string longest(128, 'a'), too_long(129, 'a');
    CHECK(id_of({{"X-Request-Id", longest}}) == longest);
    CHECK(id_of({{"X-Request-Id", too_long}}).empty());
  }

  TEST_CASE("request_id: two ids are none, and no name configured is none") {
    CHECK(id_of({{"X-Request-Id", "a"}, {"x-request-id", "b"}}).empty());
    CHECK(id_of({}).empty());
    policy::Policy policy;
    policy.request_id_header = "";
    CHECK(id_of({{"X-Request-Id", "a"}}, policy).empty());
    policy.request_id_header = "X-Trace";
    CHECK(id_of({{"X-Request-Id", "a"}, {"X-Trace", "b"}}, policy) == "b");
  }
}
