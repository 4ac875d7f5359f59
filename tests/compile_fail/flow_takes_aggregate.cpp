// must fail with: a Flow's arguments must not be aggregates
#include <string>

#include "flow/flow.hpp"

using namespace gatelet;

struct Aggregate {
  std::string text;
};
class Whole {
 public:
  explicit Whole(std::string t) : text(std::move(t)) {}
  std::string text;
};

flow::Flow<int> honest(Whole in) { co_return static_cast<int>(in.text.size()); }

#ifdef MUST_NOT_COMPILE
flow::Flow<int> destroyed_twice(Aggregate in) { co_return static_cast<int>(in.text.size()); }
#endif
