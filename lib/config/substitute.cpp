#include "config/substitute.hpp"

#include <algorithm>
#include <optional>

#include "config/value.hpp"
#include "http/ascii.hpp"

namespace gatelet::config {
namespace {

constexpr std::size_t max_size = 1024 * 1024;

bool is_name_character(char c) noexcept { return http::is_alnum(c) || c == '_'; }

// The name `text` begins with.
std::string_view name_at(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// What stands between "${" and "}".
struct Expression {
  std::string_view name, other;
  enum class Kind : std::uint8_t { plain, unless_set, unless_filled, when_set } kind = Kind::plain;
};

std::optional<Expression> parse(std::string_view text) noexcept {
  using Kind = Expression::Kind;
  Expression out;
  out.name = name_at(text);
  text.remove_prefix(out.name.size());
  if (out.name.empty()) return std::nullopt;
  if (text.empty()) return out;
  const bool has_colon = text.front() == ':';
  if (has_colon) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  switch (text.front()) {
    case '-':
    case '=': out.kind = has_colon ? Kind::unless_filled : Kind::unless_set; break;
    case '+': out.kind = Kind::when_set; break;
    default: return std::nullopt;
  }
  out.other = text.substr(1);
  // One variable, or a text that begins with none.
  const bool is_variable = out.other.starts_with('$');
  if (is_variable && name_at(out.other.substr(1)).size() + 1 != out.other.size()) {
    return std::nullopt;
  }
  return out;
}

class Substitution {
 public:
  Substitution(std::string_view text, const Settings& settings)
      : rest_(text), settings_(settings) {}

  Result<std::string> run() {
    while (!rest_.empty() && !error_) {
      const auto dollar = rest_.find('$');
      put(rest_.substr(0, dollar));
      rest_.remove_prefix(std::min(dollar, rest_.size()));
      if (!rest_.empty()) step();
    }
    if (error_) return *error_;
    return std::move(out_);
  }

 private:
  // At a "$".
  void step() {
    const auto after = rest_.substr(1);
    if (after.starts_with('{')) return step_braces();
    if (after.starts_with('$')) return take(2, "$");
    const auto name = name_at(after);
    if (name.empty() || name == "_" || http::is_digit(name.front())) return take(1, "$");
    const auto value = value_of(name);
    take(1 + name.size(), value);
  }

  void step_braces() {
    const auto end = rest_.find_first_of("}\r\n");
    const auto expression = end == std::string_view::npos || rest_[end] != '}'
                                ? std::nullopt
                                : parse(rest_.substr(2, end - 2));
    if (!expression) {
      return fail(Status::invalid_value,
                  "expected ${NAME}, ${NAME:-text} or ${NAME:+text} on one line; write $$ for a "
                  "dollar sign");
    }
    take(end + 1, value_of(*expression));
  }

  std::string_view value_of(const Expression& expression) {
    using Kind = Expression::Kind;
    const auto value = value_of(expression.name);
    const bool is_set = settings_.variable(expression.name) != nullptr;
    switch (expression.kind) {
      case Kind::plain: return value;
      case Kind::unless_set: return is_set ? value : other_of(expression);
      case Kind::unless_filled: return value.empty() ? other_of(expression) : value;
      case Kind::when_set: return is_set ? other_of(expression) : std::string_view{};
    }
    return {};
  }

  std::string_view other_of(const Expression& expression) {
    const auto other = expression.other;
    return other.starts_with('$') && other.size() > 1 ? value_of(other.substr(1)) : other;
  }

  std::string_view value_of(std::string_view name) {
    if (!settings_.has_environment()) {
      fail(Status::invalid_argument, "the variable " + quoted(name) +
                                         " cannot be looked up without an environment; give it "
                                         "(load_env) before this text");
    }
    const auto* value = settings_.variable(name);
    return value == nullptr ? std::string_view{} : value->reveal();
  }

  void take(std::size_t size, std::string_view value) {
    put(value);
    rest_.remove_prefix(size);
  }

  void put(std::string_view text) {
    line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (out_.size() + text.size() > max_size) {
      return fail(Status::invalid_value, "the text has more than 1 MiB");
    }
    out_ += text;
  }

  void fail(Status status, const std::string& said) {
    if (!error_) error_ = Error{status, "line " + std::to_string(line_) + ": " + said};
  }

  std::string_view rest_;
  const Settings& settings_;
  std::string out_;
  std::size_t line_ = 1;
  std::optional<Error> error_;
};

}  // namespace

Result<std::string> substitute(std::string_view text, const Settings& settings) {
  return Substitution(text, settings).run();
}

}  // namespace gatelet::config
