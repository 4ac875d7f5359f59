#include "json/reader.hpp"

#include <algorithm>
#include <cstdint>

#include <rapidjson/reader.h>

#include "base/utf8.hpp"

namespace gatelet::json {
namespace {

constexpr std::size_t max_number_size = 128;

// Receives the events of RapidJSON's reader and builds the tree. A handler that answers false ends
// the reading; `fault` then says why.
class Builder {
 public:
  Builder(const Limits& limits, bool has_escapes, Value& root)
      : limits_(limits), has_escapes_(has_escapes), root_(root) {
    frames_.reserve(4);
  }

  std::string_view fault() const noexcept { return fault_; }

  bool Null() { return place(nullptr); }
  bool Bool(bool value) { return place(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    if (size > max_number_size) return refuse("number of more than 128 characters");
    return place(Number{std::string(text, size)});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view string(text, size);
    if (!is_sound(string)) return refuse("lone surrogate");
    return place(std::string(string));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view name(text, size);
    if (!is_sound(name)) return refuse("lone surrogate");
    auto& frame = frames_[depth_ - 1];
    if (frame.members.size() == limits_.max_members) return refuse("too many members");

    if (frame.has(name)) return refuse("duplicate member");
    frame.name = name;
    return true;
  }
  bool StartObject() { return descend(true); }
  bool StartArray() { return descend(false); }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    return place(std::move(frames_[depth_].members));
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return place(std::move(frames_[depth_].elements));
  }

  // Numbers come as text (kParseNumbersAsStringsFlag); the reader's template names these too.
  bool Int(int) { return refuse("number"); }
  bool Uint(unsigned) { return refuse("number"); }
  bool Int64(std::int64_t) { return refuse("number"); }
  bool Uint64(std::uint64_t) { return refuse("number"); }
  bool Double(double) { return refuse("number"); }

 private:
  // An object or array that is being read; its storage for sorting serves the next one too.
  struct Frame {
    bool is_object = false;
    std::string name;  // of the member whose value comes next
    Object members;
    Array elements;
    std::vector<std::uint32_t> sorted;  // positions of the first members in the order of names

    bool has(std::string_view wanted);
  };

  // The whole text was checked before; only an escape can bring in what is not UTF-8: RapidJSON 1.1
  // lets an escaped low surrogate pass that no high one precedes.
  bool is_sound(std::string_view string) const noexcept { return !has_escapes_ || is_utf8(string); }

  bool refuse(std::string_view fault) noexcept {
    fault_ = fault;
    return false;
  }

  bool descend(bool is_object) {
    if (depth_ == limits_.max_depth) return refuse("too many levels");
    if (depth_ == frames_.size()) frames_.emplace_back();
    auto& frame = frames_[depth_++];
    frame.is_object = is_object;
    frame.members.clear();
    frame.elements.clear();
    frame.sorted.clear();
    // Most objects of a protocol are small; the outermost one is a token's claims.
    if (is_object) frame.members.reserve(depth_ == 1 ? 24 : 4);
    return true;
  }

  // Puts a finished value where it belongs.
  template <class T>
  bool place(T value) {
    if (depth_ == 0) {
      root_ = Value(std::move(value));
      return true;
    }
    auto& frame = frames_[depth_ - 1];
    if (frame.is_object) {
      frame.members.emplace_back(std::move(frame.name), std::move(value));
      return true;
    }
    if (frame.elements.size() == limits_.max_members) return refuse("too many elements");
    frame.elements.emplace_back(std::move(value));
    return true;
  }

  const Limits& limits_;
  const bool has_escapes_;
  Value& root_;
  std::vector<Frame> frames_;
  std::size_t depth_ = 0;
  std::string_view fault_;
};

// The size of the longest beginning that is UTF-8.
std::size_t utf8_prefix(std::string_view text) noexcept {
  if (is_utf8(text)) return text.size();
  std::size_t at = 0;
  while (const auto size = utf8_size(text.substr(at))) at += size;
  return at;
}

// A few names are compared one by one; many are sorted first, a batch at a time, so that an object
// of a thousand members costs no million comparisons.
bool Builder::Frame::has(std::string_view wanted) {
  constexpr std::size_t batch = 16;
  const auto is_before = [this](std::uint32_t i, std::string_view other) {
    return members[i].first < other;
  };
  if (members.size() - sorted.size() == batch) {
    for (auto i = static_cast<std::uint32_t>(sorted.size()); i < members.size(); ++i) {
      const std::string_view added = members[i].first;
      sorted.insert(std::lower_bound(sorted.begin(), sorted.end(), added, is_before), i);
    }
  }
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), wanted, is_before);
  if (found != sorted.end() && members[*found].first == wanted) return true;
  return std::any_of(members.begin() + static_cast<std::ptrdiff_t>(sorted.size()), members.end(),
                     [&](const Member& member) { return member.first == wanted; });
}

Error refused(std::string_view what, std::size_t at) {
  return {Status::malformed, "JSON: " + std::string(what) + " at byte " + std::to_string(at)};
}

std::string_view fault_text(rapidjson::ParseErrorCode code) noexcept {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty: return "no value";
    case rapidjson::kParseErrorDocumentRootNotSingular: return "something after the value";
    case rapidjson::kParseErrorObjectMissName: return "expected a member name";
    case rapidjson::kParseErrorObjectMissColon: return "expected a colon";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket: return "expected a comma or }";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket: return "expected a comma or ]";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
    case rapidjson::kParseErrorStringEscapeInvalid: return "broken escape";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid: return "lone surrogate";
    case rapidjson::kParseErrorStringMissQuotationMark: return "string without end";
    case rapidjson::kParseErrorStringInvalidEncoding: return "text that is not UTF-8";
    case rapidjson::kParseErrorNumberTooBig: return "number beyond 1e308";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent: return "unfinished number";
    case rapidjson::kParseErrorNone:
    case rapidjson::kParseErrorValueInvalid:
    case rapidjson::kParseErrorTermination:
    case rapidjson::kParseErrorUnspecificSyntaxError: break;
  }
  return "no JSON value";
}

}  // namespace

Value Value::number(std::int64_t value) { return Value(Number{std::to_string(value)}); }

const Value* Value::find(std::string_view name) const noexcept {
  const auto* members = object();
  if (members == nullptr) return nullptr;
  for (const auto& [key, value] : *members) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string* Value::find_string(std::string_view name) const noexcept {
  const auto* value = find(name);
  return value == nullptr ? nullptr : value->string();
}

const Array* Value::find_array(std::string_view name) const noexcept {
  const auto* value = find(name);
  return value == nullptr ? nullptr : value->array();
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_size) return refused("longer than allowed: ends", text.size());
  if (text.starts_with("\xef\xbb\xbf")) return refused("byte order mark", 0);
  // A NUL is where RapidJSON believes the text to end.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) return refused("NUL", nul);

  if (const auto size = utf8_prefix(text); size != text.size())
    return refused("text that is not UTF-8", size);

  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag |
                             rapidjson::kParseNumbersAsStringsFlag;
  Value root;
  const bool has_escapes = text.find('\\') != std::string_view::npos;
  Builder builder(limits, has_escapes, root);
  std::string buffer(text);  // the reader undoes escapes in place
  rapidjson::InsituStringStream stream(buffer.data());
  rapidjson::CrtAllocator allocator;
  rapidjson::Reader reader(&allocator);
  const auto outcome = reader.Parse<flags>(stream, builder);
  if (outcome.IsError()) {
    const auto what = builder.fault().empty() ? fault_text(outcome.Code()) : builder.fault();
    return refused(what, outcome.Offset());
  }
  return root;
}

Result<Value> parse_object(std::string_view text, const Limits& limits) {
  auto value = parse(text, limits);
  if (value.ok() && value->object() == nullptr) {
    return Error{Status::malformed, "JSON: expected an object"};
  }
  return value;
}

}  // namespace gatelet::json
