// Patterns in RE2's syntax (Go's), matched in time that grows with the text and nothing else.
//
// Anchors are the pattern's own: without them a pattern matches anywhere in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::policy {

// Filled while a configuration is read; const from then on, and then usable by any thread.
class RegexSet {
 public:
  static constexpr std::int64_t default_memory = 8 << 20;

  // `memory` bounds, in bytes, what one pattern and the set of all may use. A set that does not
  // suffice for a text is left aside for it, and the patterns are asked one by one.
  explicit RegexSet(std::int64_t memory = default_memory);
  ~RegexSet();
  RegexSet(RegexSet&&) noexcept;
  RegexSet& operator=(RegexSet&&) noexcept;

  // Failure: Status::invalid_value where the pattern is none, or too large; Status::not_built in a
  // build without RE2. The set stays as it was.
  Result<void> add(std::string_view pattern);

  // After the last pattern: makes one automaton of all, so that many cost about as much as one.
  void unite();

  bool is_empty() const noexcept;
  bool any_matches(std::string_view text) const;
  bool all_match(std::string_view text) const;  // true for an empty set

 private:
  class Patterns;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace gatelet::policy
