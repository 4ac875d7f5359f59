// The fields that tests of templates write into, and a page made of a template's text.
#pragma once

#include "http/template.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace gatelet::http {

inline constexpr std::array<TemplateField, 6> fields = {{{"Name"},
                                                         {"Other"},
                                                         {"Prefix", TemplateField::Kind::path},
                                                         {"Logo", TemplateField::Kind::ready},
                                                         {"Status", TemplateField::Kind::number},
                                                         {"Form", TemplateField::Kind::boolean}}};

inline Result<Template> compiled(std::string_view text) {
  TemplateParts parts;
  if (auto parsed = parse_template("page", text, parts); !parsed.ok()) return parsed.error();
  return Template::compile(parts, "page", fields, Template::Form::page);
}

inline std::string page(std::string_view text, std::vector<TemplateValue> values) {
  const auto made = compiled(text);
  REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().text));
  return made->render(values);
}

}  // namespace gatelet::http
