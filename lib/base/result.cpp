#include "base/result.hpp"

namespace gatelet::inline GATELET_CXX_ABI {

StatusClass status_class(Status status) noexcept {
  const auto number = static_cast<std::int32_t>(status);
  const auto magnitude = number < 0 ? -static_cast<std::int64_t>(number) : number;
  const auto cls = static_cast<std::int32_t>(magnitude >> 24);
  if (cls < 0 || cls > static_cast<std::int32_t>(StatusClass::internal))
    return StatusClass::internal;
  return static_cast<StatusClass>(cls);
}

int status_http(Status status) noexcept {
  switch (status) {
    case Status::ok:
      return 500;  // success carries its own answer; asked for one all the same, refuse
#define GATELET_STATUS(name, cls, detail, http, sentence) \
  case Status::name:                                      \
    return http;
#include <gatelet/errors.def>
#undef GATELET_STATUS
  }
  return 500;
}

std::string_view status_name(Status status) noexcept {
  switch (status) {
    case Status::ok: return "ok";
#define GATELET_STATUS(name, cls, detail, http, sentence) \
  case Status::name:                                      \
    return #name;
#include <gatelet/errors.def>
#undef GATELET_STATUS
  }
  return "unknown";
}

std::string_view status_sentence(Status status) noexcept {
  switch (status) {
    case Status::ok: return "success";
#define GATELET_STATUS(name, cls, detail, http, sentence) \
  case Status::name:                                      \
    return sentence;
#include <gatelet/errors.def>
#undef GATELET_STATUS
  }
  return "an unknown status";
}

}  // namespace gatelet::inline GATELET_CXX_ABI
