#include "session/msgpack.hpp"

#include <bit>
#include <type_traits>

namespace gatelet::session::msgpack {

// What one value begins with. `size` counts the bytes of a text, the elements of a list, the pairs
// of a map.
struct Reader::Head {
  enum class Kind : std::uint8_t {
    nil,
    boolean,
    integer,   // of `number`, negative when is_negative
    floating,  // as the bits of `number`
    text,
    binary,
    array,
    map,
    extension,
  };
  Kind kind = Kind::nil;
  bool is_negative = false;
  std::int8_t extension_type = 0;
  std::uint64_t number = 0;
  std::size_t size = 0;
};

namespace {

constexpr std::int8_t time_extension = -1;
constexpr std::uint32_t max_nanos = 999'999'999;

std::uint64_t big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// The three forms of the specification's timestamp: 32 bits of seconds; 30 of nanoseconds and 34 of
// seconds; 32 and 64.
bool read_time(std::string_view bytes, Time& out) noexcept {
  switch (bytes.size()) {
    case 4: out = {static_cast<std::int64_t>(big_endian(bytes)), 0}; return true;
    case 8: {
      const auto both = big_endian(bytes);
      out.seconds = static_cast<std::int64_t>(both & 0x3'ffff'ffff);
      out.nanos = static_cast<std::uint32_t>(both >> 34);
      return out.nanos <= max_nanos;
    }
    case 12:
      out.nanos = static_cast<std::uint32_t>(big_endian(bytes.substr(0, 4)));
      out.seconds = std::bit_cast<std::int64_t>(big_endian(bytes.substr(4)));
      return out.nanos <= max_nanos;
  }
  return false;
}

}  // namespace

bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

bool Reader::take(std::size_t size, std::string_view& out) noexcept {
  if (size > bytes_.size()) return false;
  out = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return true;
}

bool Reader::take_number(unsigned size, std::uint64_t& out) noexcept {
  std::string_view bytes;
  if (!take(size, bytes)) return false;
  out = big_endian(bytes);
  return true;
}

bool Reader::read_head(Head& out) noexcept {
  using Kind = Head::Kind;
  std::string_view first;
  if (!take(1, first)) return false;
  const auto code = static_cast<unsigned char>(first.front());

  const auto sized = [&](Kind kind, unsigned width) {
    out.kind = kind;
    std::uint64_t size = 0;
    if (!take_number(width, size)) return false;
    out.size = static_cast<std::size_t>(size);
    return true;
  };
  const auto fixed = [&](Kind kind, std::size_t size) {
    out.kind = kind;
    out.size = size;
    return true;
  };
  const auto unsigned_number = [&](Kind kind, unsigned width) {
    out.kind = kind;
    return take_number(width, out.number);
  };
  const auto signed_number = [&](unsigned width) {
    if (!unsigned_number(Kind::integer, width)) return false;
    const unsigned unused = 64 - 8 * width;
    const auto value = std::bit_cast<std::int64_t>(out.number << unused) >> unused;
    out.number = std::bit_cast<std::uint64_t>(value);
    out.is_negative = value < 0;
    return true;
  };
  const auto extension_type = [&] {
    std::string_view type;
    if (!take(1, type)) return false;
    out.extension_type = static_cast<std::int8_t>(type.front());
    return true;
  };

  if (code < 0x80) {
    out.kind = Kind::integer;
    out.number = code;
    return true;
  }
  if (code < 0x90) return fixed(Kind::map, code & 0x0f);
  if (code < 0xa0) return fixed(Kind::array, code & 0x0f);
  if (code < 0xc0) return fixed(Kind::text, code & 0x1f);
  if (code >= 0xe0) {
    out.kind = Kind::integer;
    out.is_negative = true;
    out.number = std::bit_cast<std::uint64_t>(static_cast<std::int64_t>(code) - 0x100);
    return true;
  }
  switch (code) {
    case 0xc0: return fixed(Kind::nil, 0);
    case 0xc2:
    case 0xc3: out.number = code & 1; return fixed(Kind::boolean, 0);
    case 0xc4: return sized(Kind::binary, 1);
    case 0xc5: return sized(Kind::binary, 2);
    case 0xc6: return sized(Kind::binary, 4);
    case 0xc7: return sized(Kind::extension, 1) && extension_type();
    case 0xc8: return sized(Kind::extension, 2) && extension_type();
    case 0xc9: return sized(Kind::extension, 4) && extension_type();
    case 0xca: {
      if (!unsigned_number(Kind::floating, 4)) return false;
      const auto narrow = std::bit_cast<float>(static_cast<std::uint32_t>(out.number));
      out.number = std::bit_cast<std::uint64_t>(static_cast<double>(narrow));
      return true;
    }
    case 0xcb: return unsigned_number(Kind::floating, 8);
    case 0xcc: return unsigned_number(Kind::integer, 1);
    case 0xcd: return unsigned_number(Kind::integer, 2);
    case 0xce: return unsigned_number(Kind::integer, 4);
    case 0xcf: return unsigned_number(Kind::integer, 8);
    case 0xd0: return signed_number(1);
    case 0xd1: return signed_number(2);
    case 0xd2: return signed_number(4);
    case 0xd3: return signed_number(8);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: return fixed(Kind::extension, std::size_t{1} << (code - 0xd4)) && extension_type();
    case 0xd9: return sized(Kind::text, 1);
    case 0xda: return sized(Kind::text, 2);
    case 0xdb: return sized(Kind::text, 4);
    case 0xdc: return sized(Kind::array, 2);
    case 0xdd: return sized(Kind::array, 4);
    case 0xde: return sized(Kind::map, 2);
    case 0xdf: return sized(Kind::map, 4);
  }
  return false;  // 0xc1 is no value
}

bool Reader::take_nil() noexcept {
  if (bytes_.empty() || bytes_.front() != static_cast<char>(0xc0)) return false;
  bytes_.remove_prefix(1);
  return true;
}

bool Reader::read(bool& out) noexcept {
  Head head;
  if (!read_head(head) || head.kind != Head::Kind::boolean) return false;
  out = head.number != 0;
  return true;
}

bool Reader::read(std::string_view& out) noexcept {
  Head head;
  if (!read_head(head)) return false;
  return (head.kind == Head::Kind::text || head.kind == Head::Kind::binary) && take(head.size, out);
}

bool Reader::read(Time& out) noexcept {
  Head head;
  std::string_view bytes;
  return read_head(head) && head.kind == Head::Kind::extension &&
         head.extension_type == time_extension && take(head.size, bytes) && read_time(bytes, out);
}

bool Reader::read_array(std::size_t& num_elements) noexcept {
  Head head;
  if (!read_head(head) || head.kind != Head::Kind::array) return false;
  num_elements = head.size;
  return head.size <= max_elements && head.size <= bytes_.size();
}

bool Reader::read_map(std::size_t& num_pairs) noexcept {
  Head head;
  if (!read_head(head) || head.kind != Head::Kind::map) return false;
  num_pairs = head.size;
  return head.size <= max_elements && head.size <= bytes_.size() / 2;
}

bool Reader::skip() noexcept {
  std::uint64_t left = 1;  // values still to step over; each has at least one byte
  while (left > 0) {
    Head head;
    if (left > bytes_.size() || !read_head(head)) return false;
    --left;
    std::string_view passed;
    switch (head.kind) {
      case Head::Kind::nil:
      case Head::Kind::boolean:
      case Head::Kind::integer:
      case Head::Kind::floating: break;
      case Head::Kind::text:
      case Head::Kind::binary:
      case Head::Kind::extension:
        if (!take(head.size, passed)) return false;
        break;
      case Head::Kind::array: left += head.size; break;
      case Head::Kind::map: left += 2 * std::uint64_t{head.size}; break;
    }
  }
  return true;
}

bool Reader::read(Value& out, std::size_t depth) {
  Head head;
  if (depth == 0 || ++num_values_ > max_values || !read_head(head)) return false;
  std::string_view bytes;
  switch (head.kind) {
    case Head::Kind::nil: out = Value(); return true;
    case Head::Kind::boolean: out = Value(head.number != 0); return true;
    case Head::Kind::integer:
      if (head.is_negative || head.number <= INT64_MAX) {
        out = Value(std::bit_cast<std::int64_t>(head.number));
      } else {
        out = Value(head.number);
      }
      return true;
    case Head::Kind::floating: out = Value(std::bit_cast<double>(head.number)); return true;
    case Head::Kind::text:
      if (!take(head.size, bytes)) return false;
      out = Value(std::string(bytes));
      return true;
    case Head::Kind::binary:
      if (!take(head.size, bytes)) return false;
      out = Value(Binary{std::string(bytes)});
      return true;
    case Head::Kind::extension: {
      Time time{};
      if (head.extension_type != time_extension || !take(head.size, bytes) ||
          !read_time(bytes, time))
        return false;
      out = Value(time);
      return true;
    }
    case Head::Kind::array: return read_elements(out, head.size, depth);
    case Head::Kind::map: return read_pairs(out, head.size, depth);
  }
  unreachable();
}

bool Reader::read_elements(Value& out, std::size_t num_elements, std::size_t depth) {
  if (num_elements > max_elements || num_elements > bytes_.size()) return false;
  Array array(num_elements);
  for (auto& element : array) {
    if (!read(element, depth - 1)) return false;
  }
  out = Value(std::move(array));
  return true;
}

bool Reader::read_pairs(Value& out, std::size_t num_pairs, std::size_t depth) {
  if (num_pairs > max_elements || num_pairs > bytes_.size() / 2) return false;
  Map map(num_pairs);
  for (auto& [name, value] : map) {
    std::string_view text;
    if (!read(text) || !read(value, depth - 1)) return false;
    name = text;
  }
  out = Value(std::move(map));
  return true;
}

void Writer::number(unsigned size, std::uint64_t value) {
  for (unsigned shift = 8 * size; shift > 0; shift -= 8) byte(value >> (shift - 8) & 0xff);
}

void Writer::size(std::size_t value, unsigned code8, unsigned code16, unsigned code32) {
  const unsigned width = value <= 0xff && code8 != 0 ? 1 : value <= 0xffff ? 2 : 4;
  byte(width == 1 ? code8 : width == 2 ? code16 : code32);
  number(width, value);
}

void Writer::write(std::int64_t value) {
  byte(0xd3);
  number(8, std::bit_cast<std::uint64_t>(value));
}

void Writer::write(std::uint64_t value) {
  byte(0xcf);
  number(8, value);
}

void Writer::write(double value) {
  byte(0xcb);
  number(8, std::bit_cast<std::uint64_t>(value));
}

void Writer::write(const Time& value) {
  const auto seconds = std::bit_cast<std::uint64_t>(value.seconds);
  if (seconds >> 34 != 0) {
    byte(0xc7);
    byte(12);
    byte(0xff);
    number(4, value.nanos);
    number(8, seconds);
  } else if (seconds >> 32 != 0 || value.nanos != 0) {
    byte(0xd7);
    byte(0xff);
    number(8, std::uint64_t{value.nanos} << 34 | seconds);
  } else {
    byte(0xd6);
    byte(0xff);
    number(4, seconds);
  }
}

void Writer::write_text(std::string_view text) {
  if (text.size() < 32) {
    byte(0xa0 | static_cast<unsigned>(text.size()));
  } else {
    size(text.size(), 0xd9, 0xda, 0xdb);
  }
  out_.append(text);
}

void Writer::write_binary(std::string_view bytes) {
  size(bytes.size(), 0xc4, 0xc5, 0xc6);
  out_.append(bytes);
}

void Writer::write_array(std::size_t num_elements) {
  if (num_elements < 16) return byte(0x90 | static_cast<unsigned>(num_elements));
  size(num_elements, 0, 0xdc, 0xdd);
}

void Writer::write_map(std::size_t num_pairs) {
  if (num_pairs < 16) return byte(0x80 | static_cast<unsigned>(num_pairs));
  size(num_pairs, 0, 0xde, 0xdf);
}

void Writer::write(const Value& value) {
  std::visit(
      [&](const auto& data) {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          write_nil();
        } else if constexpr (std::is_same_v<T, std::string>) {
          write_text(data);
        } else if constexpr (std::is_same_v<T, Binary>) {
          write_binary(data.bytes);
        } else if constexpr (std::is_same_v<T, Array>) {
          write_array(data.size());
          for (const auto& element : data) write(element);
        } else if constexpr (std::is_same_v<T, Map>) {
          write_map(data.size());
          for (const auto& [name, element] : data) {
            write_text(name);
            write(element);
          }
        } else {
          write(data);
        }
      },
      value.data());
}

}  // namespace gatelet::session::msgpack
