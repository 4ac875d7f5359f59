// What a page says for a reason where nobody has more to tell: plain words for somebody who knows
// nothing of tokens.
#pragma once

#include <string_view>

#include <gatelet/decision.hpp>

namespace gatelet::policy {

struct PageWords {
  std::string_view title, text, button;
};

PageWords page_words(Reason reason) noexcept;

}  // namespace gatelet::policy
