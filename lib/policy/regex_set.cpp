#include "policy/regex_set.hpp"

#ifdef GATELET_HAVE_RE2

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gatelet::policy {
namespace {

RE2::Options options_of(std::int64_t memory) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return options;
}

// Without the piece of the pattern that stands behind it.
std::string complaint_of(const RE2& pattern) {
  return pattern.error().substr(0, pattern.error().find(": "));
}

re2::StringPiece piece_of(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

class RegexSet::Patterns {
 public:
  explicit Patterns(std::int64_t memory) : options_(options_of(memory)) {}

  Result<void> add(std::string_view pattern) {
    auto single = std::make_unique<RE2>(piece_of(pattern), options_);
    if (!single->ok()) return Error{Status::invalid_value, complaint_of(*single)};
    singles_.push_back(std::move(single));
    set_.reset();
    return {};
  }

  void unite() {
    if (singles_.size() < 2) return;
    auto set = std::make_unique<RE2::Set>(options_, RE2::UNANCHORED);
    for (const auto& single : singles_) {
      if (set->Add(single->pattern(), nullptr) < 0) return;
    }
    if (set->Compile()) set_ = std::move(set);
  }

  bool is_empty() const noexcept { return singles_.empty(); }

  bool any_matches(std::string_view text) const {
    if (set_) {
      RE2::Set::ErrorInfo error{};
      if (set_->Match(piece_of(text), nullptr, &error)) return true;
      if (error.kind == RE2::Set::kNoError) return false;
    }
    return std::any_of(singles_.begin(), singles_.end(), [&](const auto& single) {
      return RE2::PartialMatch(piece_of(text), *single);
    });
  }

  bool all_match(std::string_view text) const {
    return std::all_of(singles_.begin(), singles_.end(), [&](const auto& single) {
      return RE2::PartialMatch(piece_of(text), *single);
    });
  }

 private:
  RE2::Options options_;
  std::vector<std::unique_ptr<RE2>> singles_;
  std::unique_ptr<RE2::Set> set_;  // null: not united, or too large
};

}  // namespace gatelet::policy

#else

namespace gatelet::policy {

class RegexSet::Patterns {
 public:
  explicit Patterns(std::int64_t) {}

  Result<void> add(std::string_view) {
    return Error{Status::not_built, "this build has no patterns; build it with -Dre2=enabled"};
  }

  void unite() {}
  bool is_empty() const noexcept { return true; }
  bool any_matches(std::string_view) const { return false; }
  bool all_match(std::string_view) const { return true; }
};

}  // namespace gatelet::policy

#endif

namespace gatelet::policy {

RegexSet::RegexSet(std::int64_t memory) : patterns_(std::make_unique<Patterns>(memory)) {}
RegexSet::~RegexSet() = default;
RegexSet::RegexSet(RegexSet&&) noexcept = default;
RegexSet& RegexSet::operator=(RegexSet&&) noexcept = default;

Result<void> RegexSet::add(std::string_view pattern) { return patterns_->add(pattern); }
void RegexSet::unite() { patterns_->unite(); }
bool RegexSet::is_empty() const noexcept { return patterns_->is_empty(); }
bool RegexSet::any_matches(std::string_view text) const { return patterns_->any_matches(text); }
bool RegexSet::all_match(std::string_view text) const { return patterns_->all_match(text); }

}  // namespace gatelet::policy
