#include <gatelet/decision.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace gatelet;

namespace {
constexpr Reason all[] = {
#define GATELET_REASON(name, code, sentence) Reason::name,
#include <gatelet/reasons.def>
#undef GATELET_REASON
};
}  // namespace

TEST_SUITE("base/reasons") {
  TEST_CASE("reasons: the zero is undecided") { CHECK(Reason{} == Reason::undecided); }

  TEST_CASE(
      "reasons: every code is its own, of lower-case letters and dashes, and has a sentence") {
    std::set<std::string_view> codes;
    for (const auto reason : all) {
      const auto code = reason_code(reason);
      CHECK(codes.insert(code).second);
      CHECK(code.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
      CHECK(reason_sentence(reason).size() > 10);
    }
    CHECK(codes.size() == std::size(all));
  }

  TEST_CASE("reasons: a number that is none counts as undecided") {
    CHECK(reason_code(static_cast<Reason>(255)) == "undecided");
  }
}
