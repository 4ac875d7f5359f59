#include "http/form.hpp"

#include <algorithm>
#include <array>

#include "base/secret.hpp"
#include "base/utf8.hpp"
#include "http/ascii.hpp"
#include "http/header.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_pairs = 256;

constexpr char escaped = '%';  // stands in form_bytes for whatever is percent-encoded

// What each byte becomes in a form.
constexpr auto form_bytes = [] {
  std::array<char, 256> bytes{};
  bytes.fill(escaped);
  for (int i = 0; i < 128; ++i) {
    const auto c = static_cast<char>(i);
    if (is_alnum(c) || c == '*' || c == '-' || c == '.' || c == '_')
      bytes[static_cast<unsigned char>(c)] = c;
  }
  bytes[' '] = '+';
  return bytes;
}();

constexpr char form_byte(char c) noexcept { return form_bytes[static_cast<unsigned char>(c)]; }

Error malformed(std::string_view what) { return {Status::malformed, std::string(what)}; }

// Decodes one name or value into `out`.
Result<void> decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ';') return malformed("the parameters hold a bare `;`");
    if (c == '+') c = ' ';
    if (c == '%') {
      const auto byte = escaped_byte(text, i);
      if (!byte) return malformed("the parameters hold a broken percent escape");
      c = *byte;
      i += 2;
    }
    if (is_control(c)) return malformed("the parameters hold a control byte");
    out += c;
  }
  if (!is_utf8(out)) return malformed("the parameters are not UTF-8");
  return {};
}

}  // namespace

bool is_form(std::span<const HeaderView> headers) noexcept {
  const auto* type = find_header(headers, "Content-Type");
  if (type == nullptr || count_header(headers, "Content-Type") != 1) return false;
  auto media_type = type->value.substr(0, type->value.find(';'));
  while (media_type.ends_with(' ')) media_type.remove_suffix(1);
  return equal_ignoring_case(media_type, "application/x-www-form-urlencoded");
}

const std::string* find(const Params& params, std::string_view name) noexcept {
  for (const auto& param : params) {
    if (param.name == name) return &param.value;
  }
  return nullptr;
}

std::size_t count(const Params& params, std::string_view name) noexcept {
  return static_cast<std::size_t>(std::count_if(
      params.begin(), params.end(), [&](const Param& param) { return param.name == name; }));
}

void Form::add(std::string_view name, std::string_view value) {
  // It may hold a secret, a code or a token.
  reserve_wiping(text_, text_.size() + 3 * (name.size() + value.size()) + 2);
  if (!text_.empty()) text_ += '&';
  form_encode(name, text_);
  text_ += '=';
  form_encode(value, text_);
}

void form_encode(std::string_view text, std::string& out) {
  std::size_t num_escaped = 0;
  for (const char c : text) num_escaped += form_byte(c) == escaped;
  const auto start = out.size();
  out.resize(start + text.size() + 2 * num_escaped);
  char* to = out.data() + start;
  for (const char c : text) {
    const char byte = form_byte(c);
    if (byte != escaped) {
      *to++ = byte;
    } else {
      to = write_escape(c, to);
    }
  }
}

Result<bool> FormReader::next(Param& out) {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(separators_), rest_.size()));
  if (rest_.empty()) return false;
  if (++num_pairs_ > max_pairs) return malformed("there are more than 256 parameters");

  const auto pair = rest_.substr(0, rest_.find_first_of(separators_));
  rest_.remove_prefix(pair.size());
  const auto equals = pair.find('=');
  auto name = decode(pair.substr(0, equals), out.name);
  if (!name.ok()) return std::move(name).error();
  const auto value_text = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
  auto value = decode(value_text, out.value);
  if (!value.ok()) return std::move(value).error();
  return true;
}

Result<Params> parse_form(std::string_view text, Semicolon semicolon) {
  Params params;
  FormReader reader(text, semicolon);
  for (;;) {
    Param param;
    auto has_next = reader.next(param);
    if (!has_next.ok()) return std::move(has_next).error();
    if (!*has_next) return params;
    params.push_back(std::move(param));
  }
}

}  // namespace gatelet::http
