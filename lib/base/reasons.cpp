#include <gatelet/decision.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

std::string_view reason_code(Reason reason) noexcept {
  switch (reason) {
#define GATELET_REASON(name, code, sentence) \
  case Reason::name:                         \
    return code;
#include <gatelet/reasons.def>
#undef GATELET_REASON
  }
  return "undecided";
}

std::string_view reason_sentence(Reason reason) noexcept {
  switch (reason) {
#define GATELET_REASON(name, code, sentence) \
  case Reason::name:                         \
    return sentence;
#include <gatelet/reasons.def>
#undef GATELET_REASON
  }
  return "nothing was decided; treated as not signed in";
}

}  // namespace gatelet::inline GATELET_CXX_ABI
