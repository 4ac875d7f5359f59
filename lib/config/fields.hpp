// Reading one object of a structured option, strictly: every field is known, stands once and is of
// its kind.
//
// Names are compared without regard to ASCII case, as the reference does. A number or a truth value
// counts as the text it was written as. null is a field that is not there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/reader.hpp"

namespace gatelet::config {

struct Complaints {
  std::vector<std::string> said;  // each with its place: "values[0].claimSource.claim: missing"
  // The text as somebody wrote it. A name that does not stand in it came from a variable, which may
  // be a secret, and is not shown. Empty: every name may be.
  std::string_view written = {};
};

class Fields {
 public:
  // `place` is what stands before the name of a field: "", or "providers[0].". What is no object is
  // said, and has no fields.
  Fields(const json::Value& value, std::string place, Complaints& complaints);

  // Each makes the name known. A value of another kind is said and counts as absent.
  const json::Value* find(std::string_view name);  // null: not there
  std::string text(std::string_view name);         // empty: not there
  bool flag(std::string_view name);                // false: not there
  std::vector<std::string> texts(std::string_view name);
  const json::Array& list(std::string_view name);  // of anything; empty: not there

  // The object of this name; without fields when it is not there.
  Fields within(std::string_view name);

  // After the last: says which fields have names that nobody asked for, and the nearest known one.
  void finish();

  std::string place_of(std::string_view name) const { return place_ + std::string(name); }
  void say(std::string_view name, std::string_view text);
  Complaints& complaints() noexcept { return complaints_; }

 private:
  const json::Value* object_;  // null: there is none
  std::string place_;
  Complaints& complaints_;
  std::vector<std::string_view> known_;  // literals of the callers
};

// A text, or a number or truth value as it was written; nullopt for all else.
std::optional<std::string> scalar_text(const json::Value& value);

}  // namespace gatelet::config
