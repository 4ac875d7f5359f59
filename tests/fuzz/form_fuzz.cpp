// parse_form: what it accepts is UTF-8 without control bytes and survives being written again; and
// query_value agrees with it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "http/form.hpp"
#include "http/header.hpp"
#include "http/query.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // Encoding any bytes gives text that decodes to them, or is refused for what they are.
  Form any;
  any.add("v", text);
  const auto back = parse_form(any.text());
  require(back.ok() == (is_utf8(text) && is_safe_value(text)));
  if (back.ok()) require(*back == Params{{"v", std::string(text)}});

  const auto params = parse_form(text);
  if (!params.ok()) {
    require(params.error().status == Status::malformed);
    require(!query_value(text, "rd").ok());
    return 0;
  }
  require(params->size() <= 256 && text.find(';') == std::string_view::npos);

  Form form;
  for (const auto& [name, value] : *params) {
    require(is_utf8(name) && is_safe_value(name) && is_utf8(value) && is_safe_value(value));
    form.add(name, value);
    const auto found = query_value(text, name);
    require(found.ok() == (count(*params, name) == 1));
    if (found.ok()) require(**found == value && *find(*params, name) == value);
  }
  const auto again = parse_form(form.text());
  require(again.ok() && *again == *params);
  return 0;
}
