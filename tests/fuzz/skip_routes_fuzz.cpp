// Skipped routes: a rule and a path. Whatever passes has a path that reads one way only, a rule and
// its negation never let the same path pass, and the strict reading of a rule never lets pass more
// than the reference's.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/path.hpp"
#include "policy/skip_routes.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::policy;

namespace {

bool passes(const SkipRule& rule, std::string_view method, std::string_view path) {
  SkipRoutes routes;
  if (!routes.add(rule).ok()) return false;
  const bool alone = routes.matches(method, path);
  routes.unite();
  require(routes.matches(method, path) == alone);
  return alone;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  const auto entry = text.substr(0, end);
  const auto path = end == std::string_view::npos ? std::string_view("/") : text.substr(end + 1);
  if (entry.size() > 256 || path.size() > 2048) return 0;

  const auto reference = parse_skip_rule(entry, RuleReading::reference);
  require(reference.ok());
  const auto strict = parse_skip_rule(entry, RuleReading::strict);
  for (const std::string_view method : {"GET", "POST"}) {
    const bool by_reference = passes(*reference, method, path);
    if (by_reference) {
      const auto normal = http::normalise_path(path);
      require(normal.is_plain && path.starts_with('/'));
      require(reference->method.empty() || reference->method == method);
      auto opposite = *reference;
      opposite.is_negated = !opposite.is_negated;
      require(!passes(opposite, method, path));
    }
    if (strict.ok()) require(passes(*strict, method, path) == by_reference);
  }
  return 0;
}
