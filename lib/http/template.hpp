// A template, compiled once and rendered as often as wanted: the pages of operators
// (custom_templates_dir) and the formats of log lines. The syntax is that of template_syntax.hpp.
//
// What is compiled is bounded and has no loops, so rendering ends, fails on nothing, and writes at
// most what the template and the values hold. In a page every value is escaped as its place asks
// for (html_place.hpp), and where no escaping is safe the template is refused. In a line control
// bytes, quotes and line ends of a value are escaped (log_text.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/html_place.hpp"
#include "http/template_syntax.hpp"

namespace gatelet::http {

// A name that a template may use. Values are given in the order of the fields.
struct TemplateField {
  enum class Kind : std::uint8_t {
    text,
    path,   // a text that may also decide what a page loads
    ready,  // a text that is written as it is: HTML of ours in a page, a quoted text in a line
    number,
    boolean,
  };
  std::string_view name;
  Kind kind = Kind::text;
};

struct TemplateValue {
  TemplateValue() = default;
  TemplateValue(std::string_view t) : text(t) {}    // NOLINT: implicit by design
  TemplateValue(const char* t) : text(t) {}         // NOLINT
  TemplateValue(const std::string& t) : text(t) {}  // NOLINT
  TemplateValue(bool is_true) : number(is_true) {}  // NOLINT
  TemplateValue(int n) : number(n) {}               // NOLINT

  std::string_view text;
  std::int64_t number = 0;
};

class Template {
 public:
  enum class Form : std::uint8_t { page, line };

  // Compiles the part `name` of `parts` with everything it includes. `fields` must outlive the
  // template.
  //   Failure: Status::malformed; the text begins with "line N: " and says what is known, or what
  //            to do instead. Bounds: 4,096 steps, 1 MiB of text, 16 includes inside each other.
  static Result<Template> compile(const TemplateParts& parts, std::string_view name,
                                  std::span<const TemplateField> fields, Form form);

  // A line format: one part without a name.
  static Result<Template> line(std::string_view text, std::span<const TemplateField> fields);

  // Requires: as many values as there are fields; what is missing counts as empty.
  std::string render(std::span<const TemplateValue> values) const;

  // Whether the template writes this field anywhere.
  bool prints(std::string_view field) const noexcept;

  const HtmlAssets& assets() const noexcept { return assets_; }

 private:
  friend class TemplateCompiler;

  struct Step {
    enum class Kind : std::uint8_t { text, print, jump, jump_unless };
    Kind kind = Kind::text;
    Escape escape = Escape::plain;
    std::uint32_t at = 0;    // of text_, of expressions_
    std::uint32_t size = 0;  // of a text; of a jump the step it leads to
  };

  std::string text_;
  std::vector<Step> steps_;
  std::vector<TemplateExpr> expressions_;  // a field's number is its place among the fields
  std::span<const TemplateField> fields_;
  HtmlAssets assets_;
  Form form_ = Form::page;
};

}  // namespace gatelet::http
