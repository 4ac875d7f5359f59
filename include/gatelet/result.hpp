// Result<T> is a value or the Error that took its place; Status names every way a call can end.
//
// Branch on the class of a status; show `text` to the operator. An Error never holds a secret.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

// Who is at fault. Stable; the same numbers as GATELET_CLASS_* in the C API.
enum class StatusClass : std::int32_t {
  ok = 0,
  unfinished = 1,   // not an error yet
  usage = 2,        // the calling program
  config = 3,       // the configuration
  peer = 4,         // a browser or a provider sent something unacceptable
  unavailable = 5,  // somebody does not answer; trying again may help
  cancelled = 6,
  internal = 7,
};

// What happened. The numbers are those of the C API: > 0 unfinished, < 0 error. One row of
// errors.def each.
enum class Status : std::int32_t {
  ok = 0,
#define GATELET_STATUS(name, cls, detail, http, sentence)      \
  name =                                                       \
      (StatusClass::cls == StatusClass::unfinished ? 1 : -1) * \
      ((static_cast<std::int32_t>(StatusClass::cls) << 24) | static_cast<std::int32_t>(detail)),
#include <gatelet/errors.def>
#undef GATELET_STATUS
};

// None blocks, allocates or fails; an unknown number counts as `internal`.
GATELET_API StatusClass status_class(Status) noexcept;
GATELET_API int status_http(Status) noexcept;               // what to answer; never 2xx
GATELET_API std::string_view status_name(Status) noexcept;  // "timed_out"; NUL-terminated
GATELET_API std::string_view status_sentence(
    Status) noexcept;  // "the provider did not answer in time"

struct Error {
  Status status = Status::internal;
  std::string text;  // one line: what was expected, what came, what to do; never a secret
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Requires ok(); anything else ends the process, since continuing would use a value that is not
  // there.
  T& value() & { return require(), *std::get_if<0>(&state_); }
  const T& value() const& { return require(), *std::get_if<0>(&state_); }
  T&& value() && { return require(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires !ok().
  const Error& error() const& { return forbid(), *std::get_if<1>(&state_); }
  Error&& error() && { return forbid(), std::move(*std::get_if<1>(&state_)); }

 private:
  void require() const {
    if (!ok()) std::terminate();
  }
  void forbid() const {
    if (ok()) std::terminate();
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT: implicit by design

  bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  void value() const {
    if (failed_) std::terminate();
  }
  const Error& error() const& {
    if (!failed_) std::terminate();
    return error_;
  }
  Error&& error() && {
    if (!failed_) std::terminate();
    return std::move(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
