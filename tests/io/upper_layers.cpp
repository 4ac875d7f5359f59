// What io/ leaves to layers above it, for its own tests: the members of public types that
// Operation<Decision> and the driver link to.
#include <gatelet/decision.hpp>
#include <gatelet/engine.hpp>

namespace gatelet::policy {
struct DecisionData {};
}  // namespace gatelet::policy

namespace gatelet::inline GATELET_CXX_ABI {

Loop::~Loop() = default;

void Decision::Free::operator()(policy::DecisionData* data) const noexcept { delete data; }
Decision::Decision(policy::DecisionData* owned) noexcept : data_(owned) {}
Decision::Decision(Decision&&) noexcept = default;
Decision& Decision::operator=(Decision&&) noexcept = default;
Decision::~Decision() = default;

}  // namespace gatelet::inline GATELET_CXX_ABI
