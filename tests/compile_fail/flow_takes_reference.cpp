// must fail with: a Flow takes owning values
#include <span>
#include <string>
#include <string_view>

#include "flow/flow.hpp"

using namespace gatelet;

flow::Flow<int> honest(std::string text) { co_return static_cast<int>(text.size()); }

#ifdef MUST_NOT_COMPILE
flow::Flow<int> dangling(const std::string& text) {
  (void)text;
  co_return 0;
}
#endif
