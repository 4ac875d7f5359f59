// must fail with: a Flow takes owning values
#include "flow/flow.hpp"

using namespace gatelet;

struct Owner {
  int value = 1;
  flow::Flow<int> honest() const;
#ifdef MUST_NOT_COMPILE
  flow::Flow<int> member() { co_return value; }
#endif
};
