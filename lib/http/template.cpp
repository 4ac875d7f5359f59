#include "http/template.hpp"

#include <deque>
#include <utility>

#include "http/ascii.hpp"
#include "http/html.hpp"
#include "http/log_text.hpp"

namespace gatelet::http {
namespace {

using Kind = TemplateField::Kind;

bool is_text(Kind kind) noexcept {
  return kind == Kind::text || kind == Kind::path || kind == Kind::ready;
}

// Of what a value may do with the characters of a URL: sub-delims and the like stay.
void url_escape(std::string_view text, bool is_whole_value, std::string& out) {
  constexpr std::string_view unreserved = "-._~", of_url = "!#$&()*+,/:;=?@[]%";
  std::string escaped;
  for (const char c : text) {
    const bool stays = is_alnum(c) || unreserved.find(c) != std::string_view::npos ||
                       (!is_whole_value && of_url.find(c) != std::string_view::npos);
    if (stays) {
      escaped += c;
    } else {
      append_escape(c, escaped);
    }
  }
  html_escape(escaped, out);
}

// A URL without scheme, or with one that only leads somewhere.
bool is_safe_url(std::string_view url) noexcept {
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || colon > url.find_first_of("/?#")) return true;
  const auto scheme = lower(url.substr(0, colon));
  return scheme == "https" || scheme == "http" || scheme == "mailto";
}

void write(std::string_view text, Escape escape, std::string& out) {
  switch (escape) {
    case Escape::plain: out += text; return;
    case Escape::html: html_escape(text, out); return;
    case Escape::url: return url_escape(is_safe_url(text) ? text : "#", false, out);
    case Escape::url_path: return url_escape(text, false, out);
    case Escape::url_query: return url_escape(text, true, out);
    case Escape::nothing: return;
  }
  unreachable();
}

// One value while it is worked out. Texts are views of the template, of the given values, or of
// `made`.
struct Worked {
  Kind kind = Kind::text;
  std::string_view text;
  std::int64_t number = 0;

  bool is_true() const noexcept { return is_text(kind) ? !text.empty() : number != 0; }
  bool equals(const Worked& other) const noexcept {
    return is_text(kind) ? text == other.text : number == other.number;
  }
};

class Evaluation {
 public:
  Evaluation(std::span<const TemplateField> fields, std::span<const TemplateValue> values)
      : fields_(fields), values_(values) {}

  // The depth of an expression is bounded by the parser.
  Worked of(const TemplateExpr& expr) {
    switch (expr.kind) {
      case TemplateExpr::Kind::text: return {Kind::text, expr.text};
      case TemplateExpr::Kind::number: return {Kind::number, {}, expr.number};
      case TemplateExpr::Kind::boolean: return {Kind::boolean, {}, expr.number};
      case TemplateExpr::Kind::field: return field(static_cast<std::size_t>(expr.number));
      case TemplateExpr::Kind::call: return call(expr);
    }
    unreachable();
  }

 private:
  Worked field(std::size_t place) const {
    if (place >= values_.size()) return {fields_[place].kind, {}};
    return {fields_[place].kind, values_[place].text, values_[place].number};
  }

  Worked call(const TemplateExpr& expr) {
    const std::string_view name = expr.text;
    if (name == "and" || name == "or") return choose(expr, name == "or");
    const auto first = of(expr.arguments.front());
    if (name == "not") return truth(!first.is_true());
    if (name == "len") {
      return {Kind::number, {}, static_cast<std::int64_t>(first.text.size())};
    }
    if (name == "ToUpper") return made(upper(first.text));
    if (name == "ToLower") return made(lower(first.text));
    if (name == "eq") return truth(equals_any(first, expr));
    return truth(compare(name, first, of(expr.arguments[1])));
  }

  Worked choose(const TemplateExpr& expr, bool wanted) {
    Worked last;
    for (const auto& argument : expr.arguments) {
      last = of(argument);
      if (last.is_true() == wanted) break;
    }
    return last;
  }

  bool equals_any(const Worked& first, const TemplateExpr& expr) {
    for (std::size_t i = 1; i < expr.arguments.size(); ++i) {
      if (first.equals(of(expr.arguments[i]))) return true;
    }
    return false;
  }

  static bool compare(std::string_view name, const Worked& a, const Worked& b) noexcept {
    if (name == "ne") return !a.equals(b);
    const bool less = is_text(a.kind) ? a.text < b.text : a.number < b.number;
    if (name == "lt") return less;
    if (name == "le") return less || a.equals(b);
    if (name == "gt") return !less && !a.equals(b);
    return !less;  // ge
  }

  static Worked truth(bool is_true) noexcept { return {Kind::boolean, {}, is_true}; }
  Worked made(std::string text) { return {Kind::text, made_.emplace_back(std::move(text))}; }

  const std::span<const TemplateField> fields_;
  const std::span<const TemplateValue> values_;
  std::deque<std::string> made_;
};

}  // namespace

std::string Template::render(std::span<const TemplateValue> values) const {
  std::string out;
  out.reserve(text_.size());
  Evaluation evaluation(fields_, values);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto& step = steps_[i];
    if (step.kind == Step::Kind::text) {
      out.append(text_, step.at, step.size);
    } else if (step.kind == Step::Kind::jump) {
      i = step.size - 1;  // always onwards
    } else {
      const auto worked = evaluation.of(expressions_[step.at]);
      if (step.kind == Step::Kind::jump_unless) {
        if (!worked.is_true()) i = step.size - 1;
      } else if (worked.kind == Kind::boolean) {
        write(worked.number != 0 ? "true" : "false", step.escape, out);
      } else if (worked.kind == Kind::number) {
        write(std::to_string(worked.number), step.escape, out);
      } else if (form_ == Form::line && worked.kind != Kind::ready) {
        log_escape(worked.text, out);
      } else {
        write(worked.text, step.escape, out);
      }
    }
  }
  return out;
}

bool Template::prints(std::string_view field) const noexcept {
  for (const auto& step : steps_) {
    if (step.kind != Step::Kind::print) continue;
    const auto& expr = expressions_[step.at];
    if (expr.kind == TemplateExpr::Kind::field && expr.text == field) return true;
  }
  return false;
}

}  // namespace gatelet::http
