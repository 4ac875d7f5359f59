// must fail with: use of deleted function|call to implicitly-deleted|call to deleted
#include <gatelet/decision.hpp>

#include <utility>

gatelet::Decision honest(gatelet::Decision& decision) { return std::move(decision); }

#ifdef MUST_NOT_COMPILE
gatelet::Decision copied(const gatelet::Decision& decision) { return decision; }
#endif
