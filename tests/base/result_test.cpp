#include "base/result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <set>

using namespace gatelet;

namespace {
constexpr Status all[] = {
#define GATELET_STATUS(name, cls, detail, http, sentence) Status::name,
#include <gatelet/errors.def>
#undef GATELET_STATUS
};
}  // namespace

TEST_SUITE("base/result") {
  TEST_CASE("Result: holds a value or an error, also of a type that only moves") {
    Result<std::unique_ptr<int>> good(std::make_unique<int>(7));
    REQUIRE(good.ok());
    CHECK(**good == 7);
    CHECK(*std::move(good).value() == 7);

    const Result<int> bad(Error{Status::timed_out, "why"});
    CHECK_FALSE(bad.ok());
    CHECK(bad.error().status == Status::timed_out);
    CHECK(bad.error().text == "why");
  }

  TEST_CASE("Result<void>: is success unless given an error") {
    CHECK(Result<void>().ok());
    CHECK_FALSE(Result<void>(Error{Status::internal, ""}).ok());
  }

  TEST_CASE("Error: a default-constructed one is internal, never success") {
    CHECK(Error{}.status == Status::internal);
  }

  TEST_CASE(
      "statuses: numbers are their own, positive only when unfinished, and answers are never 2xx") {
    std::set<std::int32_t> numbers;
    std::set<std::string_view> names;
    for (const auto status : all) {
      CHECK(numbers.insert(static_cast<std::int32_t>(status)).second);
      CHECK(names.insert(status_name(status)).second);
      CHECK((static_cast<std::int32_t>(status) > 0) ==
            (status_class(status) == StatusClass::unfinished));
      CHECK(status_http(status) >= 400);
      CHECK(status_http(status) <= 599);
      CHECK_FALSE(status_sentence(status).empty());
    }
    CHECK(status_http(Status::ok) == 500);
  }

  TEST_CASE("statuses: a number that is none counts as internal") {
    for (const auto number : {1, -1, INT32_MIN, INT32_MAX, -(8 << 24)}) {
      const auto status = static_cast<Status>(number);
      CHECK(status_http(status) == 500);
      CHECK(status_name(status) == "unknown");
    }
    CHECK(status_class(static_cast<Status>(INT32_MIN)) == StatusClass::internal);
  }
}
