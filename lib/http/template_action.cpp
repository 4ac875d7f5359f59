#include "http/template_action.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr unsigned max_depth = 8;
constexpr auto npos = std::string_view::npos;

bool is_word(char c) noexcept { return is_alnum(c) || c == '_'; }

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

struct Function {
  std::string_view name;
  std::size_t least, most;  // arguments
};
constexpr std::array<Function, 12> functions = {{{"eq", 2, 16},
                                                 {"ne", 2, 2},
                                                 {"lt", 2, 2},
                                                 {"le", 2, 2},
                                                 {"gt", 2, 2},
                                                 {"ge", 2, 2},
                                                 {"and", 1, 16},
                                                 {"or", 1, 16},
                                                 {"not", 1, 1},
                                                 {"len", 1, 1},
                                                 {"ToUpper", 1, 1},
                                                 {"ToLower", 1, 1}}};
constexpr std::string_view function_names = "eq ne lt le gt ge and or not len ToUpper ToLower";

const Function* find_function(std::string_view name) noexcept {
  for (const auto& function : functions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

}  // namespace

Error template_error(std::size_t line, std::string_view said) {
  return {Status::malformed, "line " + std::to_string(line) + ": " + std::string(said)};
}

bool TemplateAction::at_end() noexcept {
  skip_space();
  return text_.empty();
}

std::string_view TemplateAction::word() noexcept {
  skip_space();
  std::size_t size = 0;
  while (size < text_.size() && is_word(text_[size])) ++size;
  return take(size);
}

bool TemplateAction::symbol(char symbol) noexcept {
  skip_space();
  if (!text_.starts_with(symbol)) return false;
  take(1);
  return true;
}

Result<std::string> TemplateAction::text() {
  skip_space();
  if (text_.starts_with('`')) return raw_text();
  if (text_.starts_with('"')) return escaped_text();
  return template_error(line_, "expected a name in quotes");
}

void TemplateAction::skip_dot() noexcept {
  if (!symbol('.')) symbol('$');
}

Result<void> TemplateAction::end() {
  if (at_end()) return {};
  return template_error(line_, "expected }} before " + quoted(text_.substr(0, 20)));
}

Result<TemplateExpr> TemplateAction::pipeline(unsigned depth) {
  if (depth > max_depth)
    return template_error(line_, "parentheses stand too deep inside each other");
  auto left = command(depth, nullptr);
  while (left.ok() && symbol('|')) {
    auto piped = std::move(left).value();
    left = command(depth, &piped);
  }
  return left;
}

void TemplateAction::skip_space() noexcept {
  while (!text_.empty() && is_template_space(text_.front())) take(1);
}

std::string_view TemplateAction::take(std::size_t size) noexcept {
  const auto taken = text_.substr(0, size);
  for (const char c : taken) line_ += c == '\n' ? 1 : 0;
  text_.remove_prefix(size);
  return taken;
}

Result<std::string> TemplateAction::raw_text() {
  const auto end = text_.find('`', 1);
  if (end == npos) return template_error(line_, "a text in `` does not end");
  std::string out(text_.substr(1, end - 1));
  take(end + 1);
  return out;
}

Result<std::string> TemplateAction::escaped_text() {
  std::string out;
  for (std::size_t i = 1; i < text_.size(); ++i) {
    char c = text_[i];
    if (c == '"') return take(i + 1), out;
    if (c == '\n') break;
    if (c == '\\') {
      const char escaped = ++i < text_.size() ? text_[i] : '\0';
      if (escaped == 'n') {
        c = '\n';
      } else if (escaped == 't') {
        c = '\t';
      } else if (escaped == '"' || escaped == '\\') {
        c = escaped;
      } else {
        return template_error(line_,
                              "in a text only \\\" \\\\ \\n and \\t are known after a backslash");
      }
    }
    out += c;
  }
  return template_error(line_, "a text in \"\" does not end");
}

TemplateExpr TemplateAction::expr(TemplateExpr::Kind kind) const {
  TemplateExpr out;
  out.kind = kind;
  out.line = line_;
  return out;
}

Result<TemplateExpr> TemplateAction::command(unsigned depth, TemplateExpr* piped) {
  skip_space();
  if (!text_.empty() && is_alpha(text_.front())) {
    const auto before = text_;
    const auto name = word();
    if (name != "true" && name != "false") return call(name, depth, piped);
    text_ = before;
  }
  if (piped != nullptr) return template_error(line_, "expected a function after |");
  auto value = operand(depth);
  if (value.ok() && begins_operand()) {
    return template_error(
        line_, "expected a function before its values; known are " + std::string(function_names));
  }
  return value;
}

Result<TemplateExpr> TemplateAction::call(std::string_view name, unsigned depth,
                                          TemplateExpr* piped) {
  const auto* function = find_function(name);
  if (function == nullptr) {
    return template_error(line_, "the function " + quoted(name) + " is not known; known are " +
                                     std::string(function_names));
  }
  auto out = expr(TemplateExpr::Kind::call);
  out.text = name;
  while (begins_operand() && out.arguments.size() <= function->most) {
    auto argument = operand(depth);
    if (!argument.ok()) return argument;
    out.arguments.push_back(std::move(argument).value());
  }
  if (piped != nullptr) out.arguments.push_back(std::move(*piped));
  if (out.arguments.size() < function->least || out.arguments.size() > function->most) {
    return template_error(line_, std::string(name) + " has " +
                                     std::to_string(out.arguments.size()) + " values; it takes " +
                                     std::to_string(function->least) +
                                     (function->most > function->least ? " or more" : ""));
  }
  return out;
}

bool TemplateAction::begins_operand() noexcept {
  skip_space();
  return !text_.empty() && text_.front() != '|' && text_.front() != ')';
}

Result<TemplateExpr> TemplateAction::operand(unsigned depth) {
  skip_space();
  const char first = text_.empty() ? '\0' : text_.front();
  if (first == '(') return in_parentheses(depth);
  if (first == '"' || first == '`') return text_operand();
  if (first == '.' || first == '$') return field();
  if (is_digit(first) || first == '-') return number();
  const auto name = word();
  if (name == "true" || name == "false") {
    auto out = expr(TemplateExpr::Kind::boolean);
    out.number = name == "true";
    return out;
  }
  if (find_function(name) != nullptr) {
    return template_error(line_, "put parentheses around " + std::string(name) + " and its values");
  }
  return template_error(line_, "expected a field such as .Name, a text, a number or a function" +
                                   (name.empty() ? std::string() : ", not " + quoted(name)));
}

Result<TemplateExpr> TemplateAction::in_parentheses(unsigned depth) {
  take(1);
  auto inner = pipeline(depth + 1);
  if (inner.ok() && !symbol(')')) return template_error(line_, "expected )");
  return inner;
}

Result<TemplateExpr> TemplateAction::text_operand() {
  auto said = text();
  if (!said.ok()) return std::move(said).error();
  auto out = expr(TemplateExpr::Kind::text);
  out.text = std::move(said).value();
  return out;
}

Result<TemplateExpr> TemplateAction::field() {
  if (text_.starts_with('$')) take(1);
  if (!text_.starts_with('.')) return template_error(line_, "variables are not known here");
  take(1);
  auto out = expr(TemplateExpr::Kind::field);
  if (!text_.empty() && is_alpha(text_.front())) out.text = word();
  if (out.text.empty()) return template_error(line_, "expected a field's name after the dot");
  if (text_.starts_with('.'))
    return template_error(line_, "." + out.text + " has no fields of its own");
  return out;
}

Result<TemplateExpr> TemplateAction::number() {
  auto out = expr(TemplateExpr::Kind::number);
  const auto* end = text_.data() + text_.size();
  const auto read = std::from_chars(text_.data(), end, out.number);
  if (read.ec != std::errc() || (read.ptr != end && is_word(*read.ptr))) {
    return template_error(line_, "expected a whole number");
  }
  take(static_cast<std::size_t>(read.ptr - text_.data()));
  return out;
}

}  // namespace gatelet::http
