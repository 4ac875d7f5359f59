// must fail with: is private within this context|calling a private constructor
#include "policy/return_to.hpp"

using namespace gatelet;

policy::SafeReturn honest(const policy::ReturnPolicy& rules) { return policy::choose_return({"/"}, rules); }

#ifdef MUST_NOT_COMPILE
policy::SafeReturn forged() { return policy::SafeReturn("https://evil.example/"); }
#endif
