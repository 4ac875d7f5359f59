// must fail with: ignoring returned value|ignoring return value
#include "base/result.hpp"

gatelet::Result<int> value();
gatelet::Result<void> effect();

bool honest() { return value().ok() && effect().ok(); }

#ifdef MUST_NOT_COMPILE
void careless() { effect(); }
#endif
