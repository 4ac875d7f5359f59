#include "engine/callback_book.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::engine;

namespace {
std::shared_ptr<const Decision> some_answer() { return std::make_shared<const Decision>(); }
}  // namespace

TEST_SUITE("engine/callback_book") {
  TEST_CASE("find: an unknown state was not used") {
    CHECK_FALSE(CallbackBook().find("s", at_unix(0)).used);
  }

  TEST_CASE(
      "find: an answer is given again for ten seconds, then only known as used, then forgotten") {
    CallbackBook book;
    const auto answer = some_answer();
    book.record("s", answer, 900s, at_unix(100));
    CHECK(book.find("s", at_unix(109)).answer == answer);
    CHECK(book.find("s", at_unix(110)).used);
    CHECK_FALSE(book.find("s", at_unix(110)).answer);
    CHECK(book.find("s", at_unix(999)).used);
    CHECK_FALSE(book.find("s", at_unix(1000)).used);
    CHECK_FALSE(book.find("t", at_unix(100)).used);
  }

  TEST_CASE("record: keeps the first answer of a state, and no more entries than told") {
    CallbackBook book(3);
    const auto first = some_answer();
    book.record("s", first, 900s, at_unix(100));
    book.record("s", some_answer(), 900s, at_unix(101));
    CHECK(book.find("s", at_unix(102)).answer == first);
    for (const auto* state : {"a", "b", "c"}) book.record(state, some_answer(), 900s, at_unix(103));
    CHECK_FALSE(book.find("s", at_unix(104)).used);
    CHECK(book.find("c", at_unix(104)).used);
  }

  TEST_CASE("record: lets go of answers that may no longer be given") {
    CallbackBook book;
    auto answer = some_answer();
    std::weak_ptr<const Decision> watched = answer;
    book.record("s", std::move(answer), 900s, at_unix(100));
    book.record("t", some_answer(), 900s, at_unix(200));
    CHECK(watched.expired());
  }

  TEST_CASE("record: an entry that is dropped for room takes its answer along") {
    CallbackBook book(2);
    for (int i = 0; i < 100; ++i) {
      book.record(std::to_string(i), some_answer(), 900s, at_unix(100 + i / 10));
    }
    CHECK(book.find("99", at_unix(110)).answer);
    CHECK(book.find("98", at_unix(110)).answer);
    CHECK_FALSE(book.find("97", at_unix(110)).used);
  }
}
