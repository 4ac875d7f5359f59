#include "http/template.hpp"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gatelet::http {
namespace {

constexpr std::size_t max_steps = 4096;
constexpr std::size_t max_text_size = 1024 * 1024;
constexpr unsigned max_includes = 16;
constexpr std::size_t max_visits = 65536;  // of nodes, each again where it is included again

using Kind = TemplateField::Kind;

Error at_line(std::size_t line, std::string_view said) {
  return {Status::malformed, "line " + std::to_string(line) + ": " + std::string(said)};
}

bool is_text(Kind kind) noexcept {
  return kind == Kind::text || kind == Kind::path || kind == Kind::ready;
}

}  // namespace

// Turns parts into steps. Includes are copied in, so that each place is known.
class TemplateCompiler {
 public:
  TemplateCompiler(const TemplateParts& parts, std::span<const TemplateField> fields,
                   Template::Form form)
      : parts_(parts) {
    out_.fields_ = fields;
    out_.form_ = form;
  }

  Result<Template> compile(std::string_view name) {
    const auto part = parts_.find(name);
    if (part == parts_.end())
      return at_line(1, "there is no template \"" + std::string(name) + "\"");
    if (auto added = add(part->second, 0); !added.ok()) return std::move(added).error();
    if (is_page() && !place_.is_text()) {
      return at_line(last_line_, "the template ends " + place_.describe());
    }
    return std::move(out_);
  }

 private:
  bool is_page() const noexcept { return out_.form_ == Template::Form::page; }

  Result<void> add(const std::vector<TemplateNode>& nodes, unsigned depth) {
    for (const auto& node : nodes) {
      last_line_ = node.line;
      if (out_.steps_.size() >= max_steps || out_.text_.size() > max_text_size ||
          ++num_visits_ > max_visits) {
        return at_line(node.line, "the template is too long");
      }
      auto added = add(node, depth);
      if (!added.ok()) return added;
    }
    return {};
  }

  Result<void> add(const TemplateNode& node, unsigned depth) {
    switch (node.kind) {
      case TemplateNode::Kind::text: return add_text(node);
      case TemplateNode::Kind::print: return add_print(node);
      case TemplateNode::Kind::branch: return add_branch(node, depth);
      case TemplateNode::Kind::include: return add_include(node, depth);
    }
    unreachable();
  }

  Result<void> add_text(const TemplateNode& node) {
    const auto at = out_.text_.size();
    if (is_page()) {
      // One line at a time, for errors to name theirs.
      std::size_t line = node.line;
      for (std::string_view rest = node.text; !rest.empty(); ++line) {
        const auto piece = rest.substr(0, rest.find('\n') == npos ? npos : rest.find('\n') + 1);
        auto read = place_.read(piece, out_.text_, out_.assets_);
        if (!read.ok()) return at_line(line, read.error().text);
        rest.remove_prefix(piece.size());
      }
      last_line_ = line - 1;
    } else {
      out_.text_ += node.text;
    }
    const auto size = out_.text_.size() - at;
    if (size == 0) return {};
    out_.steps_.push_back({Template::Step::Kind::text, Escape::plain,
                           static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)});
    return {};
  }

  Result<void> add_print(const TemplateNode& node) {
    auto resolved = resolve(node.expr);
    if (!resolved.ok()) return std::move(resolved).error();
    auto escape = Escape::plain;
    if (is_page()) {
      auto taken = place_.take_value(trust_of(*resolved));
      if (!taken.ok()) return at_line(node.line, taken.error().text);
      escape = *taken;
    }
    add_step(Template::Step::Kind::print, std::move(resolved->expr), escape);
    return {};
  }

  Result<void> add_branch(const TemplateNode& node, unsigned depth) {
    if (is_page() && !place_.may_vary()) {
      return at_line(node.line, "an if stands " + place_.describe() +
                                    ", whose text must always be the same; put it around the whole "
                                    "element");
    }
    auto condition = resolve(node.expr);
    if (!condition.ok()) return std::move(condition).error();
    const auto unless = out_.steps_.size();
    add_step(Template::Step::Kind::jump_unless, std::move(condition->expr), Escape::plain);

    const auto before = place_;
    if (auto added = add(node.then, depth); !added.ok()) return added;
    auto after = std::exchange(place_, before);
    const auto over = out_.steps_.size();
    out_.steps_.push_back({Template::Step::Kind::jump, Escape::plain, 0, 0});
    out_.steps_[unless].size = static_cast<std::uint32_t>(out_.steps_.size());
    if (auto added = add(node.otherwise, depth); !added.ok()) return added;
    out_.steps_[over].size = static_cast<std::uint32_t>(out_.steps_.size());
    if (is_page() && !place_.join(after)) {
      return at_line(node.line, "the branches of this if end at different places, " +
                                    after.describe() + " and " + place_.describe());
    }
    return {};
  }

  Result<void> add_include(const TemplateNode& node, unsigned depth) {
    const auto part = parts_.find(node.text);
    if (part == parts_.end()) {
      return at_line(node.line, "there is no template \"" + node.text + "\"");
    }
    if (depth == max_includes) {
      return at_line(node.line, "the template \"" + node.text + "\" includes itself, or too many");
    }
    auto added = add(part->second, depth + 1);
    last_line_ = node.line;
    return added;
  }

  void add_step(Template::Step::Kind kind, TemplateExpr expr, Escape escape) {
    const auto at = static_cast<std::uint32_t>(out_.expressions_.size());
    out_.expressions_.push_back(std::move(expr));
    out_.steps_.push_back({kind, escape, at, 0});
  }

  // An expression whose fields are known, and of what kind it is; no kind: now this, now that.
  struct Resolved {
    TemplateExpr expr;
    std::optional<Kind> kind;
  };

  static Trust trust_of(const Resolved& resolved) noexcept {
    if (resolved.expr.kind != TemplateExpr::Kind::field) return Trust::foreign;
    if (resolved.kind == Kind::path) return Trust::path;
    return resolved.kind == Kind::ready ? Trust::markup : Trust::foreign;
  }

  Result<Resolved> resolve(const TemplateExpr& expr) const {
    Resolved out{expr, Kind::text};
    if (expr.kind == TemplateExpr::Kind::number) out.kind = Kind::number;
    if (expr.kind == TemplateExpr::Kind::boolean) out.kind = Kind::boolean;
    if (expr.kind == TemplateExpr::Kind::field) return resolve_field(std::move(out));
    if (expr.kind == TemplateExpr::Kind::call) return resolve_call(std::move(out));
    return out;
  }

  Result<Resolved> resolve_field(Resolved out) const {
    std::string known;
    for (std::size_t i = 0; i < out_.fields_.size(); ++i) {
      if (out_.fields_[i].name == out.expr.text) {
        out.kind = out_.fields_[i].kind;
        out.expr.number = static_cast<std::int64_t>(i);
        return out;
      }
      known.append(" .").append(out_.fields_[i].name);
    }
    return at_line(out.expr.line,
                   "the field ." + out.expr.text + " is not known; known are" + known);
  }

  Result<Resolved> resolve_call(Resolved out) const {
    const std::string_view name = out.expr.text;
    std::vector<std::optional<Kind>> kinds;
    for (auto& argument : out.expr.arguments) {
      auto resolved = resolve(argument);
      if (!resolved.ok()) return resolved;
      kinds.push_back(resolved->kind);
      argument = std::move(resolved->expr);
    }
    const auto line = out.expr.line;
    out.kind = Kind::boolean;
    if (name == "not") return out;
    if (name == "and" || name == "or") {
      out.kind = kinds.front();
      for (const auto& kind : kinds) {
        if (kind != out.kind) out.kind.reset();
      }
      return out;
    }
    if (name == "len" || name == "ToUpper" || name == "ToLower") {
      out.kind = name == "len" ? Kind::number : Kind::text;
      if (kinds.front() && is_text(*kinds.front())) return out;
      return at_line(line, std::string(name) + " works on texts only");
    }
    for (const auto& kind : kinds) {
      if (!kind || !kinds.front() || !is_comparable(*kinds.front(), *kind)) {
        return at_line(line, std::string(name) + " compares values of one kind: texts or numbers");
      }
    }
    return out;
  }

  static bool is_comparable(Kind a, Kind b) noexcept {
    return a == b || (is_text(a) && is_text(b));
  }

  static constexpr auto npos = std::string_view::npos;

  const TemplateParts& parts_;
  Template out_;
  HtmlPlace place_;
  std::size_t last_line_ = 1;
  std::size_t num_visits_ = 0;
};

Result<Template> Template::compile(const TemplateParts& parts, std::string_view name,
                                   std::span<const TemplateField> fields, Form form) {
  return TemplateCompiler(parts, fields, form).compile(name);
}

Result<Template> Template::line(std::string_view text, std::span<const TemplateField> fields) {
  TemplateParts parts;
  if (auto parsed = parse_template({}, text, parts); !parsed.ok()) return std::move(parsed).error();
  return compile(parts, {}, fields, Form::line);
}

}  // namespace gatelet::http
