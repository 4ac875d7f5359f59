#include "http/form.hpp"

#include <algorithm>

#include "base/secret.hpp"
#include "base/utf8.hpp"
#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_pairs = 256;

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
  for (const char c : text) {
    if (is_alnum(c) || c == '*' || c == '-' || c == '.' || c == '_') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      append_escape(c, out);
    }
  }
}

Result<bool> FormReader::next(Param& out) {
  while (rest_.starts_with('&')) rest_.remove_prefix(1);
  if (rest_.empty()) return false;
  if (++num_pairs_ > max_pairs) return malformed("there are more than 256 parameters");

  const auto pair = rest_.substr(0, rest_.find('&'));
  rest_.remove_prefix(pair.size());
  const auto equals = pair.find('=');
  auto name = decode(pair.substr(0, equals), out.name);
  if (!name.ok()) return std::move(name).error();
  const auto value_text = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
  auto value = decode(value_text, out.value);
  if (!value.ok()) return std::move(value).error();
  return true;
}

Result<Params> parse_form(std::string_view text) {
  Params params;
  FormReader reader(text);
  for (;;) {
    Param param;
    auto has_next = reader.next(param);
    if (!has_next.ok()) return std::move(has_next).error();
    if (!*has_next) return params;
    params.push_back(std::move(param));
  }
}

}  // namespace gatelet::http
