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
constexpr std::size_t max_elements = 4096;            // of one list or map
constexpr std::size_t max_values = 4 * max_elements;  // read as Value, from one input

// Walks the bytes of one value. Texts are views into them; every encoding of a type is taken (a
// text of three bytes may say so in one, two or four bytes), and `str` and `bin` stand for each
// other, as in the reference.
//
// Every function answers false for another type, for bytes that end too early, and beyond a cap; a
// reader that once said false is not asked again.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : bytes_(bytes) {}

  bool at_end() const noexcept { return bytes_.empty(); }

  // Steps over a nil, if one stands here.
  bool take_nil() noexcept;

  bool read(bool& out) noexcept;
  bool read(std::string_view& out) noexcept;
  bool read(Time& out) noexcept;  // nanoseconds below a second, as the specification has it
  bool read(Value& out) { return read(out, max_depth); }

  // The number of elements, or of pairs, that follow: never more than the bytes left could hold.
  bool read_array(std::size_t& num_elements) noexcept;
  bool read_map(std::size_t& num_pairs) noexcept;

  // Steps over any one value. Needs no cap: it recurses not, and takes no memory.
  bool skip() noexcept;

 private:
  struct Head;
  bool read_head(Head& out) noexcept;
  bool read(Value& out, std::size_t depth);
  bool read_elements(Value& out, std::size_t num_elements, std::size_t depth);
  bool read_pairs(Value& out, std::size_t num_pairs, std::size_t depth);
  bool take(std::size_t size, std::string_view& out) noexcept;
  bool take_number(unsigned size, std::uint64_t& out) noexcept;

  std::string_view bytes_;
  std::size_t num_values_ = 0;
};

// Appends values to `out` in the encodings Go's library chooses: the shortest for texts, lists and
// maps, always nine bytes for a number of 64 bits, and a time in 4, 8 or 12 bytes.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  void write_nil() { byte(0xc0); }
  void write(bool value) { byte(value ? 0xc3 : 0xc2); }
  void write(std::int64_t value);
  void write(std::uint64_t value);
  void write(double value);
  void write(const Time& value);
  void write(const Value& value);
  void write_text(std::string_view text);
  void write_binary(std::string_view bytes);
  void write_array(std::size_t num_elements);  // the elements follow
  void write_map(std::size_t num_pairs);       // a name and a value for each follow

 private:
  void byte(unsigned value) { out_.push_back(static_cast<char>(value)); }
  void number(unsigned size, std::uint64_t value);
  void size(std::size_t value, unsigned code8, unsigned code16, unsigned code32);

  std::string& out_;
};

}  // namespace gatelet::session::msgpack
