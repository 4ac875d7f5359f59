#include "http/template_syntax.hpp"

#include <optional>
#include <utility>

#include "base/utf8.hpp"
#include "http/ascii.hpp"
#include "http/template_action.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_size = 256 * 1024;
constexpr unsigned max_depth = 16;
constexpr auto npos = std::string_view::npos;

bool is_word(char c) noexcept { return is_alnum(c) || c == '_'; }

bool is_blank(std::string_view text) noexcept { return text.find_first_not_of(" \t\r\n") == npos; }

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// A text between actions, or an action.
struct Piece {
  bool is_action = false;
  std::string_view text;
  std::size_t line = 1;
};

// Cuts a template into pieces; trim markers and comments are gone then.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {}

  Result<std::vector<Piece>> cut() {
    std::vector<Piece> out;
    bool trim_next = false;
    while (true) {
      const auto open = text_.find("{{", at_);
      auto between = text_.substr(at_, open == npos ? npos : open - at_);
      const auto line = line_;
      advance(between.size());
      if (trim_next) between = trimmed_front(between);
      trim_next = false;
      const bool trims = open != npos && is_trim_marker(open + 2);
      if (trims) between = trimmed_back(between);
      if (!between.empty()) out.push_back({false, between, line});
      if (open == npos) return out;
      auto action = take_action(trims, trim_next);
      if (!action.ok()) return std::move(action).error();
      if (*action) out.push_back(**action);
    }
  }

 private:
  static std::string_view trimmed_front(std::string_view text) noexcept {
    while (!text.empty() && is_template_space(text.front())) text.remove_prefix(1);
    return text;
  }
  static std::string_view trimmed_back(std::string_view text) noexcept {
    while (!text.empty() && is_template_space(text.back())) text.remove_suffix(1);
    return text;
  }

  bool is_trim_marker(std::size_t at) const noexcept {
    return text_.size() > at + 1 && text_[at] == '-' && is_template_space(text_[at + 1]);
  }

  void advance(std::size_t size) noexcept {
    for (const char c : text_.substr(at_, size)) line_ += c == '\n' ? 1 : 0;
    at_ += size;
  }

  // The action at the front, taken off; nullopt for a comment.
  Result<std::optional<Piece>> take_action(bool trims, bool& trim_next) {
    const auto line = line_;
    advance(trims ? 4 : 2);
    if (text_.substr(at_).starts_with("/*")) return take_comment(line, trim_next);
    const auto close = find_close();
    if (close == npos) return template_error(line, "an action does not end with }}");
    auto inside = text_.substr(at_, close - at_);
    advance(inside.size() + 2);
    trim_next =
        inside.size() > 1 && inside.back() == '-' && is_template_space(inside[inside.size() - 2]);
    if (trim_next) inside.remove_suffix(2);
    return std::optional<Piece>(Piece{true, inside, line});
  }

  Result<std::optional<Piece>> take_comment(std::size_t line, bool& trim_next) {
    const auto close = text_.find("*/", at_);
    if (close == npos) return template_error(line, "a comment does not end with */");
    advance(close + 2 - at_);
    trim_next = at_ < text_.size() && is_template_space(text_[at_]) &&
                text_.substr(at_ + 1).starts_with("-}}");
    if (trim_next) advance(2);
    if (!text_.substr(at_).starts_with("}}")) {
      return template_error(line, "expected }} right after the comment's */");
    }
    advance(2);
    return std::optional<Piece>();
  }

  // Of the }} that ends the action at the front: texts may hold one.
  std::size_t find_close() const noexcept {
    char quote = '\0';
    for (std::size_t i = at_; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote != '\0') {
        if (c == '\\' && quote == '"') {
          ++i;
        } else if (c == quote) {
          quote = '\0';
        }
      } else if (c == '"' || c == '`') {
        quote = c;
      } else if (c == '}' && text_.substr(i).starts_with("}}")) {
        return i;
      }
    }
    return npos;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

class Parser {
 public:
  Parser(std::vector<Piece> pieces, TemplateParts& parts)
      : pieces_(std::move(pieces)), parts_(parts) {}

  Result<void> parse(std::string_view name) {
    auto nodes = until_end(0, nullptr);
    if (!nodes.ok()) return std::move(nodes).error();
    return add(name, std::move(nodes).value(), 1);
  }

 private:
  using Nodes = std::vector<TemplateNode>;
  enum class Ending : std::uint8_t { end, otherwise, otherwise_if };

  static bool has_content(const Nodes& nodes) noexcept {
    for (const auto& node : nodes) {
      if (node.kind != TemplateNode::Kind::text || !is_blank(node.text)) return true;
    }
    return false;
  }

  // As in Go, blank text beside a definition of the same name is nobody's.
  Result<void> add(std::string_view name, Nodes nodes, std::size_t line) {
    const auto known = parts_.find(name);
    if (known == parts_.end()) {
      parts_.emplace(name, std::move(nodes));
    } else if (!has_content(known->second)) {
      known->second = std::move(nodes);
    } else if (has_content(nodes)) {
      return template_error(line, "the template " + quoted(name) + " is there twice");
    }
    return {};
  }

  // Nodes up to the end of the text, where `ending` is null, or to {{end}} or {{else}}.
  Result<Nodes> until_end(unsigned depth, Ending* ending) {
    if (depth > max_depth)
      return template_error(line(), "actions stand too deep inside each other");
    Nodes out;
    while (next_ < pieces_.size()) {
      const auto piece = pieces_[next_++];
      if (!piece.is_action) {
        out.push_back(text_node(piece));
        continue;
      }
      TemplateAction action(piece.text, piece.line);
      const auto word = keyword(piece.text);
      if (word == "end" || word == "else") {
        if (ending == nullptr) {
          return template_error(piece.line, "{{" + std::string(word) + "}} without a beginning");
        }
        action.word();
        if (auto seen = read_ending(word, action, *ending); !seen.ok()) {
          return std::move(seen).error();
        }
        return out;
      }
      auto added = take(word, action, depth, out);
      if (!added.ok()) return std::move(added).error();
    }
    if (ending != nullptr) return template_error(line(), "an {{end}} is missing");
    return out;
  }

  static TemplateNode text_node(const Piece& piece) {
    TemplateNode node;
    node.line = piece.line;
    node.text = piece.text;
    return node;
  }

  // The word an action begins with when it is no function's name.
  static std::string_view keyword(std::string_view text) noexcept {
    while (!text.empty() && is_template_space(text.front())) text.remove_prefix(1);
    std::size_t size = 0;
    while (size < text.size() && is_word(text[size])) ++size;
    return text.substr(0, size);
  }

  Result<void> read_ending(std::string_view word, TemplateAction& action, Ending& ending) {
    ending = Ending::end;
    if (word == "else") {
      ending = action.at_end() ? Ending::otherwise : Ending::otherwise_if;
      if (ending == Ending::otherwise) return {};
      if (action.word() != "if") {
        return template_error(action.line(), "expected {{else}} or {{else if ...}}");
      }
      auto condition = action.pipeline();
      if (!condition.ok()) return std::move(condition).error();
      otherwise_condition_ = std::move(condition).value();
    }
    return action.end();
  }

  Result<void> take(std::string_view word, TemplateAction& action, unsigned depth, Nodes& out) {
    if (word == "if") return action.word(), take_if(action, depth, out);
    if (word == "define" || word == "block") {
      action.word();
      return take_definition(word == "block", action, depth, out);
    }
    if (word == "template") return action.word(), take_include(action, out);
    for (const std::string_view unknown : {"range", "with", "break", "continue"}) {
      if (word == unknown) {
        return template_error(action.line(),
                              "{{" + std::string(word) +
                                  "}} is not known here; known are if, else, end, define, "
                                  "block and template");
      }
    }
    TemplateNode node;
    node.kind = TemplateNode::Kind::print;
    node.line = action.line();
    auto printed = action.pipeline();
    if (!printed.ok()) return std::move(printed).error();
    node.expr = std::move(printed).value();
    out.push_back(std::move(node));
    return action.end();
  }

  Result<void> take_if(TemplateAction& action, unsigned depth, Nodes& out) {
    auto condition = action.pipeline();
    if (!condition.ok()) return std::move(condition).error();
    if (auto ended = action.end(); !ended.ok()) return ended;
    return take_branch(std::move(condition).value(), action.line(), depth, out);
  }

  // {{else if}} is an if in the other branch that ends with it.
  Result<void> take_branch(TemplateExpr condition, std::size_t line, unsigned depth, Nodes& out) {
    TemplateNode node;
    node.kind = TemplateNode::Kind::branch;
    node.line = line;
    node.expr = std::move(condition);
    Ending ending{};
    auto then = until_end(depth + 1, &ending);
    if (!then.ok()) return std::move(then).error();
    node.then = std::move(then).value();
    if (ending == Ending::otherwise_if) {
      auto next = std::move(otherwise_condition_);
      auto taken = take_branch(std::move(next), line, depth + 1, node.otherwise);
      if (!taken.ok()) return taken;
    } else if (ending == Ending::otherwise) {
      auto otherwise = until_end(depth + 1, &ending);
      if (!otherwise.ok()) return std::move(otherwise).error();
      if (ending != Ending::end) return template_error(line, "an if has two {{else}}");
      node.otherwise = std::move(otherwise).value();
    }
    out.push_back(std::move(node));
    return {};
  }

  Result<void> take_definition(bool is_block, TemplateAction& action, unsigned depth, Nodes& out) {
    const auto line = action.line();
    if (!is_block && depth > 0)
      return template_error(line, "{{define}} stands inside another action");
    auto name = action.text();
    if (!name.ok()) return std::move(name).error();
    if (is_block) action.skip_dot();
    if (auto ended = action.end(); !ended.ok()) return ended;
    Ending ending{};
    auto nodes = until_end(depth + 1, &ending);
    if (!nodes.ok()) return std::move(nodes).error();
    if (ending != Ending::end) return template_error(line, "{{else}} belongs to an {{if}}");
    if (is_block) out.push_back(include(*name, line));
    return add(*name, std::move(nodes).value(), line);
  }

  Result<void> take_include(TemplateAction& action, Nodes& out) {
    auto name = action.text();
    if (!name.ok()) return std::move(name).error();
    action.skip_dot();
    out.push_back(include(*name, action.line()));
    return action.end();
  }

  static TemplateNode include(const std::string& name, std::size_t line) {
    TemplateNode node;
    node.kind = TemplateNode::Kind::include;
    node.line = line;
    node.text = name;
    return node;
  }

  std::size_t line() const noexcept { return pieces_.empty() ? 1 : pieces_[next_ - 1].line; }

  const std::vector<Piece> pieces_;
  TemplateParts& parts_;
  std::size_t next_ = 0;
  TemplateExpr otherwise_condition_;  // of the {{else if}} just seen
};

std::string with_unix_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out += '\n';
    }
  }
  return out;
}

}  // namespace

Result<void> parse_template(std::string_view name, std::string_view text, TemplateParts& into) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.size() > max_size) return template_error(1, "more than 256 KiB");
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (!is_utf8(text)) return template_error(1, "the text is not UTF-8");
  if (text.find('\0') != npos) return template_error(1, "the text has a NUL");
  const auto clean = with_unix_line_ends(text);
  auto pieces = Cutter(clean).cut();
  if (!pieces.ok()) return std::move(pieces).error();
  return Parser(std::move(pieces).value(), into).parse(name);
}

}  // namespace gatelet::http
