// JSON (RFC 8259), read strictly into a small tree.
//
// Refused: duplicate member names (also when equal only after unescaping), more than 16 levels,
// more than 1,024 members or elements in one object or array (see Limits), invalid UTF-8, lone
// surrogates, a byte order mark, NaN and Infinity, comments, anything after the value. Numbers keep
// their text, so that nothing is rounded on the way to a check; one of more than 128 characters, or
// beyond 1e308, is refused (an integer of 256 bits has 78 digits).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace gatelet::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in the order of the text

struct Number {
  std::string text;  // as written: "1750000000", "1.5e3"
  friend bool operator==(const Number&, const Number&) = default;
};

class Value {
 public:
  using Data = std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;
  Value() = default;
  Value(Data data) : data_(std::move(data)) {}  // NOLINT: implicit by design
  static Value number(std::int64_t);

  bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data_); }
  const bool* boolean() const noexcept { return std::get_if<bool>(&data_); }
  const Number* number() const noexcept { return std::get_if<Number>(&data_); }
  const std::string* string() const noexcept { return std::get_if<std::string>(&data_); }
  const Array* array() const noexcept { return std::get_if<Array>(&data_); }
  const Object* object() const noexcept { return std::get_if<Object>(&data_); }
  const Data& data() const noexcept { return data_; }

  // A member of an object; null when this is no object or has no such member.
  const Value* find(std::string_view name) const noexcept;
  // A member's value when it is of that type; null otherwise.
  const std::string* find_string(std::string_view name) const noexcept;
  const Array* find_array(std::string_view name) const noexcept;

 private:
  Data data_;
};

// A whole number in the range of int64, written without fraction and exponent; nullopt otherwise.
std::optional<std::int64_t> to_int64(const Number&) noexcept;
// A finite number of seconds rounded down ("1.5e9" too), within years 1 to 9999; nullopt otherwise.
// For NumericDate.
std::optional<std::int64_t> to_seconds(const Number&) noexcept;

struct Limits {
  std::size_t max_size = 1024 * 1024;
  std::size_t max_depth = 16;
  std::size_t max_members = 1024;  // of one object or array
};

//   Failure: Status::malformed; the text says what and where reading stopped ("duplicate member at
//   byte 17"), never the content.
Result<Value> parse(std::string_view text, const Limits& = {});

// parse(), and the root must be an object.
Result<Value> parse_object(std::string_view text, const Limits& = {});

}  // namespace gatelet::json
