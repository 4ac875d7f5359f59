// must fail with: no match for .operator<<|invalid operands
#include <iostream>

#include "base/secret.hpp"

void honest(const gatelet::Secret& secret) { std::cout << secret.describe(); }

#ifdef MUST_NOT_COMPILE
void leak(const gatelet::Secret& secret) { std::cout << secret; }
#endif
