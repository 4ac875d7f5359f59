// One action of a template, the text between {{ and }}: its words, and expressions in it. Part of
// template_syntax.
#pragma once

#include <string>
#include <string_view>

#include "http/template_syntax.hpp"

namespace gatelet::http {

// Status::malformed with "line N: " before it.
Error template_error(std::size_t line, std::string_view said);

constexpr bool is_template_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Reads from the front; each part that was read is taken off.
class TemplateAction {
 public:
  // `line` is the one that `text` begins on.
  TemplateAction(std::string_view text, std::size_t line) : text_(text), line_(line) {}

  std::size_t line() const noexcept { return line_; }
  bool at_end() noexcept;

  std::string_view word() noexcept;  // empty when there is none
  bool symbol(char symbol) noexcept;
  void skip_dot() noexcept;  // what a template is called with: ".", "$", or nothing

  // A text in quotes, nothing, or what is printed or decides. Failure: malformed, with the line.
  Result<std::string> text();
  Result<void> end();
  Result<TemplateExpr> pipeline(unsigned depth = 0);

 private:
  void skip_space() noexcept;
  std::string_view take(std::size_t size) noexcept;
  Result<std::string> raw_text();
  Result<std::string> escaped_text();
  TemplateExpr expr(TemplateExpr::Kind kind) const;
  // A function with what it works on, or a single value. `piped` comes last.
  Result<TemplateExpr> command(unsigned depth, TemplateExpr* piped);
  Result<TemplateExpr> call(std::string_view name, unsigned depth, TemplateExpr* piped);
  bool begins_operand() noexcept;
  Result<TemplateExpr> operand(unsigned depth);
  Result<TemplateExpr> in_parentheses(unsigned depth);
  Result<TemplateExpr> text_operand();
  Result<TemplateExpr> field();
  Result<TemplateExpr> number();

  std::string_view text_;
  std::size_t line_;
};

}  // namespace gatelet::http
