// skip_auth_routes and skip_auth_regex: what passes without a session, by method and path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy/regex_set.hpp"

namespace gatelet::policy {

// One entry of skip_auth_routes: `METHOD=regex`, `METHOD!=regex`, `=regex`, `!=regex` or `regex`.
struct SkipRule {
  std::string method;       // in upper case; empty: every method
  bool is_negated = false;  // passes where the pattern does not match
  std::string pattern;
};

// Which of oauth2-proxy's readings of an entry hold.
enum class RuleReading : std::uint8_t {
  strict,     // what stands before the first "=" must be a method or nothing, and a "!=" further on
              // is refused
  reference,  // what stands there is taken for a method whatever it is, and then never matches; a
              // "!=" anywhere negates
};

// Failure: Status::invalid_value, with what to write instead; the pattern itself is not judged.
Result<SkipRule> parse_skip_rule(std::string_view entry, RuleReading);

// Filled while a configuration is read; const from then on.
class SkipRoutes {
 public:
  Result<void> add(const SkipRule&);  // Failure: as RegexSet::add
  void unite();                       // after the last rule

  bool is_empty() const noexcept { return groups_.empty(); }

  // Some rule lets a request of this method pass. `path` is the path as sent: one that anybody
  // behind us may read as another path than the rules do (http::NormalPath::is_plain) passes by
  // none.
  bool matches(std::string_view method, std::string_view path) const;

 private:
  struct Group {
    std::string method;
    RegexSet wanted;
    RegexSet unwanted;  // of negated rules
  };
  std::vector<Group> groups_;  // one for each method
};

}  // namespace gatelet::policy
