// Templates: whatever stands in one, compiling ends with a template or with an error that names a
// line; and no value of a template that compiles opens an element, or ends an attribute or
// a line.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/ascii.hpp"
#include "http/template.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

using Kind = TemplateField::Kind;

constexpr std::array<TemplateField, 6> fields = {{{"Name"},
                                                  {"Other"},
                                                  {"ProxyPrefix", Kind::path},
                                                  {"Logo", Kind::ready},
                                                  {"StatusCode", Kind::number},
                                                  {"Form", Kind::boolean}}};
constexpr std::string_view hostile = "<qz \"'>\n\x1b";
constexpr std::string_view scheme =
    "script:1";  // not "qz": a template may write its own "<" before

void check_page(const Template& page, bool says_it_itself) {
  for (const bool is_form : {false, true}) {
    const auto out = lower(page.render(
        std::array<TemplateValue, 6>{{{hostile}, {scheme}, {"/oauth2"}, {""}, {400}, {is_form}}}));
    if (says_it_itself) continue;
    require(out.find("<qz") == std::string::npos);
    require(out.find("qz \"") == std::string::npos);
    require(out.find("qz '") == std::string::npos);
  }
}

void check_line(const Template& line, bool says_it_itself) {
  const auto out = line.render(
      std::array<TemplateValue, 6>{{{hostile}, {scheme}, {"/oauth2"}, {"\"\""}, {400}, {true}}});
  if (!says_it_itself) require(out.find_first_of("\n\x1b") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  TemplateParts parts;
  const auto parsed = parse_template("page", text, parts);
  if (!parsed.ok()) {
    require(parsed.error().text.starts_with("line "));
    return 0;
  }
  for (const auto form : {Template::Form::page, Template::Form::line}) {
    const auto compiled = Template::compile(parts, "page", fields, form);
    if (!compiled.ok()) {
      require(compiled.error().text.starts_with("line "));
    } else if (form == Template::Form::page) {
      check_page(*compiled, lower(text).find("qz") != std::string::npos);
    } else {
      check_line(*compiled, text.find_first_of("\n\r\x1b\\") != std::string_view::npos);
    }
  }
  return 0;
}
