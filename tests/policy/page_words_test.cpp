#include "policy/page_words.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace gatelet;
using policy::page_words;

TEST_SUITE("policy/page_words") {
  TEST_CASE("page_words: every reason has a title, a sentence and a way on, in plain words") {
    for (int i = 0; i <= static_cast<int>(Reason::internal_error); ++i) {
      const auto reason = static_cast<Reason>(i);
      const auto says = page_words(reason);
      CAPTURE(reason_code(reason));
      CHECK_FALSE(says.title.empty());
      CHECK_FALSE(says.button.empty());
      CHECK(says.text.ends_with('.'));
      for (const std::string_view term :
           {"token", "cookie", "session cookie", "OAuth", "OpenID", "callback", "state", "provider",
            "401", "403", "<", "&"}) {
        CAPTURE(term);
        CHECK(says.text.find(term) == std::string_view::npos);
        CHECK(says.title.find(term) == std::string_view::npos);
      }
    }
  }

  TEST_CASE("page_words: trouble elsewhere is not told as the person's fault") {
    CHECK(page_words(Reason::provider_unavailable).text.find("Nothing is lost") == 0);
    CHECK(page_words(Reason::not_permitted).button == "Sign in as somebody else");
    CHECK(page_words(Reason::state_missing).button == "Sign in again");
  }
}
