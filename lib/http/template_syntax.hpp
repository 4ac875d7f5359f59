// The syntax of templates: a subset of Go's (text/template), as the pages and log formats of
// oauth2-proxy's users are written in it.
//
//   {{.Name}} {{$.Name}}                a field
//   {{if X}} {{else if X}} {{else}} {{end}}
//   {{define "name"}} {{end}}  {{block "name" .}} {{end}}  {{template "name" .}}
//   {{/* a comment */}}  and {{- -}}, which take the white space beside them away
//
// X is a field, a text in "" or ``, a whole number, true, false, or one of the functions eq ne lt
// le gt ge and or not len ToUpper ToLower, with parentheses and |. There are no loops and no
// variables: what a template writes is bounded by what it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatelet::http {

struct TemplateExpr {
  enum class Kind : std::uint8_t { text, number, boolean, field, call };
  Kind kind = Kind::text;
  std::string text;         // what a text says; a field's or a function's name
  std::int64_t number = 0;  // also 0 and 1 of a boolean
  std::vector<TemplateExpr> arguments;
  std::size_t line = 0;
};

struct TemplateNode {
  enum class Kind : std::uint8_t { text, print, branch, include };
  Kind kind = Kind::text;
  std::size_t line = 0;
  std::string text;   // as it stands there; of an include the name
  TemplateExpr expr;  // what is printed, or decides a branch
  std::vector<TemplateNode> then, otherwise;
};

// Every template there is, by name.
using TemplateParts = std::map<std::string, std::vector<TemplateNode>, std::less<>>;

// Adds what `text` defines: its own content under `name`, unless that is blank, and each define and
// block under theirs. Line ends become \n.
//   Failure: Status::malformed, the text begins with "line N: ". More than 256 KiB, 16 actions
//            inside each other, or 8 parentheses inside each other are refused.
Result<void> parse_template(std::string_view name, std::string_view text, TemplateParts& into);

}  // namespace gatelet::http
