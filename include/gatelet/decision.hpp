// A Decision is what the host must do with one request.
//
// `allow`: remove every field named in strip() from the request, add upstream() to it, let the
// application answer, add response() to that answer. Every other kind is a complete answer of its
// own: http_status(), response(), body(); the application is not called. A default-constructed
// Decision is 401: forgetting to decide never lets anybody in.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <gatelet/identity.hpp>
#include <gatelet/request.hpp>
#include <gatelet/version.hpp>

namespace gatelet::policy {
struct DecisionData;
}

namespace gatelet::inline GATELET_CXX_ABI {

// Why. One row of reasons.def each; `undecided` is the zero.
enum class Reason : std::uint8_t {
#define GATELET_REASON(name, code, sentence) name,
#include <gatelet/reasons.def>
#undef GATELET_REASON
};

GATELET_API std::string_view reason_code(
    Reason) noexcept;  // "state-missing": stable, for logs and metrics
GATELET_API std::string_view reason_sentence(Reason) noexcept;  // for people

class GATELET_API Decision {
 public:
  // Follows http_status: 401 unauthorized, 403 forbidden (a sign-in page too), 3xx redirect; any
  // other own answer (200, 202, 400, 404, 5xx) is respond.
  enum class Kind : std::uint8_t { unauthorized = 0, forbidden, redirect, allow, respond };

  Decision() noexcept = default;
  explicit Decision(policy::DecisionData* owned) noexcept;  // made by the library
  Decision(Decision&&) noexcept;
  Decision& operator=(Decision&&) noexcept;
  ~Decision();

  Kind kind() const noexcept;
  int http_status() const noexcept;  // 200 for allow, where the application's own status counts
  std::string_view body() const noexcept;  // empty for allow

  // 1. Remove every field of these names (the value is empty). Spelt as the request spells them,
  // each variant listed,
  //    so a host compares without regard to letter case and nothing else.
  std::span<const HeaderView> strip() const noexcept;
  // 2. Add to the request.
  std::span<const HeaderView> upstream() const noexcept;
  // 3. Add to the answer; several Set-Cookie stay several.
  std::span<const HeaderView> response() const noexcept;

  const Identity* identity() const noexcept;  // null unless allow with an identity
  Reason reason() const noexcept;

  // For logs. More than the reason says, in one line without a secret; empty: nothing.
  std::string_view detail() const noexcept;
  // What the request is known by on pages and in events: its own id, or the engine's.
  std::string_view request_id() const noexcept;
  // Whose session it is about, as a log names people: the e-mail address, else the user. Empty:
  // nobody's. It grants nothing; ask identity().
  std::string_view person() const noexcept;

  // For the library.
  void name_request(std::string_view id) noexcept;
  const policy::DecisionData* data() const noexcept { return data_.get(); }

 private:
  struct Free {
    void operator()(policy::DecisionData*) const noexcept;
  };
  std::unique_ptr<policy::DecisionData, Free> data_;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
