// The boundary of the C API: what every function does with its arguments, its outputs and whatever
// is thrown inside.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/gatelet.h>
#include <gatelet/gatelet.hpp>

// The opaque objects.
struct gatelet_config {
  gatelet::Settings settings;
  gatelet::EventSink on_event;
  std::shared_ptr<gatelet::SessionStore> store;
  gatelet::SessionHooks hooks;
};

namespace gatelet::capi {

inline gatelet_status to_c(Status status) noexcept { return static_cast<gatelet_status>(status); }

inline std::string_view view(gatelet_str text) noexcept {
  return {text.data, text.data ? text.size : 0};
}
inline gatelet_str to_c(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Text that can be read: a pointer where there is a size, and a size an object can have.
inline bool is_text(gatelet_str text) noexcept {
  return text.size == 0 || (text.data != nullptr && text.size <= PTRDIFF_MAX);
}

// Writes as much of an error as the caller's struct has room for.
void write_error(gatelet_error* out, gatelet_status status, std::string_view text) noexcept;

inline gatelet_status fail(gatelet_error* out, const Error& error) noexcept {
  write_error(out, to_c(error.status), error.text);
  return to_c(error.status);
}

inline Error invalid_argument(std::string_view what) {
  return {Status::invalid_argument, std::string(what)};
}

// Runs a body that returns Result<void>: its status, its error in `error`; nothing is thrown past
// it.
template <class Body>
gatelet_status guard(gatelet_error* error, Body&& body) noexcept {
  try {
    const Result<void> result = std::forward<Body>(body)();
    if (!result.ok()) return fail(error, result.error());
    write_error(error, GATELET_OK, {});
    return GATELET_OK;
  } catch (const std::bad_alloc&) {
    write_error(error, GATELET_E_OUT_OF_MEMORY, "memory ran out");
    return GATELET_E_OUT_OF_MEMORY;
  } catch (...) {
    write_error(error, GATELET_E_INTERNAL, "an unexpected exception");
    return GATELET_E_INTERNAL;
  }
}

// A caller's input struct in today's shape: what an older, smaller one lacks is zero.
//   Failure: invalid_argument for NULL, a size smaller than the size field itself, or a newer,
//   larger one that says something this library does not know.
template <class T>
Result<T> read_struct(const T* in, std::string_view name) {
  constexpr std::uint32_t largest = 4096;
  if (in == nullptr) return invalid_argument(std::string(name) + " is NULL");
  std::uint32_t size = 0;
  std::memcpy(&size, in, sizeof size);
  if (size < sizeof size || size > largest) {
    return invalid_argument(std::string(name) + ": struct_size is not set; use its _INIT macro");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(in);
  for (std::size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] != 0)
      return invalid_argument(std::string(name) +
                              ": made for a newer version, with fields this one lacks");
  }
  T out{};
  std::memcpy(static_cast<void*>(&out), in, std::min<std::size_t>(size, sizeof(T)));
  return out;
}

// Fills a caller's output struct as far as it reaches; its size stays.
//   Failure: invalid_argument for a size smaller than the size field itself.
template <class T>
Result<void> write_struct(T* out, T value, std::string_view name) {
  std::uint32_t size = 0;
  std::memcpy(&size, out, sizeof size);
  if (size < sizeof size) {
    return invalid_argument(std::string(name) + ": struct_size is not set; use its _INIT macro");
  }
  value.struct_size = size;
  std::memcpy(static_cast<void*>(out), &value, std::min<std::size_t>(size, sizeof(T)));
  return {};
}

// A pointer of the caller's that goes back to it, once, when nobody needs it any more.
class User {
 public:
  // `drop` may be null. It is called even when memory for keeping `user` cannot be had.
  User(void* user, void (*drop)(void*))
      : user_(user, [drop](void* kept) {
          if (drop != nullptr) drop(kept);
        }) {}
  void* get() const noexcept { return user_.get(); }

 private:
  std::shared_ptr<void> user_;
};

// A caller's request as the engine takes it. Views the caller's memory; headers stand in place
// unless there are many.
class Request {
 public:
  //   Failure: invalid_argument; text() is then not to be used.
  Result<void> read(const gatelet_request* in);
  const RequestView& view() const noexcept { return view_; }

 private:
  static constexpr std::size_t few = 48;
  HeaderView in_place_[few];
  std::vector<HeaderView> more_;
  RequestView view_;
};

}  // namespace gatelet::capi
