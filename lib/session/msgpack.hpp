// MessagePack, the part session records use: reading with caps into views, writing as Go's
// vmihailenco/msgpack does.
//
// Our own, since a library builds an object tree before our caps can act: element counts, depth and
// size are checked here before anything is allocated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace gatelet::session::msgpack {

class Value;
using Array = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;  // in the order of the bytes
struct Binary {
  std::string bytes;
  friend bool operator==(const Binary&, const Binary&) = default;
};
struct Time {
  std::int64_t seconds;
  std::uint32_t nanos;
  friend bool operator==(const Time&, const Time&) = default;
};

// "Any" value of an additional claim.
class Value {
 public:
  using Data = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string,
                            Binary, Time, Array, Map>;
  Value() = default;
  Value(Data data) : data_(std::move(data)) {}  // NOLINT: implicit by design
  const Data& data() const noexcept { return data_; }
  friend bool operator==(const Value&, const Value&);

 private:
  Data data_;
};

constexpr std::size_t max_depth = 8;
constexpr std::size_t max_elements = 4096;  // of one list or map

}  // namespace gatelet::session::msgpack
