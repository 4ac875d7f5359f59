// must fail with: ignoring returned value|ignoring return value
#include "flow/flow.hpp"

gatelet::flow::Flow<int> some();

void honest() { auto flow = some(); }

#ifdef MUST_NOT_COMPILE
void careless() { some(); }
#endif
