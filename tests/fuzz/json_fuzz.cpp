// The JSON reader: accepts what a second, recursive reader of RFC 8259 with the same caps accepts
// and nothing else; what it accepts keeps the caps and survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

constexpr json::Limits limits{.max_size = 64 * 1024, .max_depth = 16, .max_members = 32};

// Says yes or no only. Numbers are judged by their grammar and length.
class Judge {
 public:
  explicit Judge(std::string_view text) : rest_(text) {}

  bool accepts() {
    if (!value(0)) return false;
    blanks();
    return rest_.empty();
  }

 private:
  bool take(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  void blanks() {
    while (!rest_.empty() &&
           std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }
  std::size_t digits() {
    std::size_t num = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++num)
      rest_.remove_prefix(1);
    return num;
  }
  bool number() {
    const auto before = rest_.size();
    take("-");
    if (!take("0") && digits() == 0) return false;
    if (take(".") && digits() == 0) return false;
    if (take("e") || take("E")) {
      if (!take("+")) take("-");
      if (digits() == 0) return false;
    }
    return before - rest_.size() <= 128;
  }
  bool hex4(unsigned& out) {
    if (rest_.size() < 4) return false;
    out = 0;
    for (int i = 0; i < 4; ++i) {
      const auto place = std::string_view("0123456789abcdef0123456789ABCDEF").find(rest_.front());
      if (place == std::string_view::npos) return false;
      out = out * 16 + static_cast<unsigned>(place % 16);
      rest_.remove_prefix(1);
    }
    return true;
  }
  bool escape(std::string& out) {
    unsigned point = 0;
    if (!take("u")) {
      const std::string_view letters = "\"\\/bfnrt";
      const auto place = rest_.empty() ? std::string_view::npos : letters.find(rest_.front());
      if (place == std::string_view::npos) return false;
      out += "\"\\/\b\f\n\r\t"[place];
      rest_.remove_prefix(1);
      return true;
    }
    if (!hex4(point) || (point >= 0xdc00 && point <= 0xdfff)) return false;
    if (point >= 0xd800 && point <= 0xdbff) {
      unsigned low = 0;
      if (!take("\\u") || !hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
      point = 0x10000 + ((point - 0xd800) << 10 | (low - 0xdc00));
    }
    const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return put(point), true;
    if (point < 0x800) {
      put(0xc0 | point >> 6);
    } else {
      if (point < 0x10000) {
        put(0xe0 | point >> 12);
      } else {
        put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f));
      }
      put(0x80 | (point >> 6 & 0x3f));
    }
    return put(0x80 | (point & 0x3f)), true;
  }
  bool string(std::string& out) {
    if (!take("\"")) return false;
    while (!take("\"")) {
      if (take("\\")) {
        if (!escape(out)) return false;
        continue;
      }
      const auto size = utf8_size(rest_);
      if (size == 0 || (size == 1 && rest_.front() >= 0 && rest_.front() < 0x20)) return false;
      out += rest_.substr(0, size);
      rest_.remove_prefix(size);
    }
    return true;
  }
  bool members(std::size_t depth) {
    std::set<std::string> names;
    blanks();
    if (take("}")) return true;
    do {
      std::string name;
      blanks();
      if (!string(name) || !names.insert(name).second || names.size() > limits.max_members)
        return false;
      blanks();
      if (!take(":") || !value(depth)) return false;
      blanks();
    } while (take(","));
    return take("}");
  }
  bool elements(std::size_t depth) {
    blanks();
    if (take("]")) return true;
    std::size_t num = 0;
    do {
      if (++num > limits.max_members || !value(depth)) return false;
      blanks();
    } while (take(","));
    return take("]");
  }
  bool value(std::size_t depth) {
    blanks();
    if (take("null") || take("true") || take("false")) return true;
    std::string ignored;
    if (rest_.starts_with('"')) return string(ignored);
    if (take("{")) return depth < limits.max_depth && members(depth + 1);
    if (take("[")) return depth < limits.max_depth && elements(depth + 1);
    return number();
  }

  std::string_view rest_;
};

void check_numbers(const json::Value& value) {
  if (const auto* number = value.number()) {
    const auto whole = json::to_int64(*number);
    const auto seconds = json::to_seconds(*number);
    require(!seconds || (*seconds >= -62135596800 && *seconds <= 253402300799));
    if (whole && seconds) require(*whole == *seconds);
    if (whole && !seconds) require(*whole < -62135596800 || *whole > 253402300799);
  }
  if (const auto* array = value.array()) {
    for (const auto& element : *array) check_numbers(element);
  }
  if (const auto* object = value.object()) {
    for (const auto& member : *object) check_numbers(member.second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // Any bytes become a string that reads back as the nearest UTF-8.
  const auto quoted = json::to_text(json::Value(std::string(text)));
  require(quoted.find_first_of("<>&\n") == std::string::npos && is_utf8(quoted));
  if (is_utf8(text) && quoted.size() < 1024 * 1024) {
    const auto back = json::parse(quoted);
    require(back.ok() && *back->string() == text);
  }

  const auto value = json::parse(text, limits);
  const bool is_right = size <= limits.max_size && Judge(text).accepts();
  if (!value.ok()) {
    require(value.error().status == Status::malformed);
    // A number beyond 1e308 is well formed, yet refused by choice.
    require(!is_right || value.error().text.find("beyond 1e308") != std::string::npos);
    return 0;
  }
  require(is_right);
  check_numbers(*value);

  const auto written = json::to_text(*value);
  const auto again = json::parse(written);
  require(again.ok() && json::to_text(*again) == written);
  require(json::parse_object(text, limits).ok() == (value->object() != nullptr));
  return 0;
}
