// Where a browser goes after sign-in or sign-out: one validator for every wish.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// A redirect target that passed the validator. Only choose_return makes one.
class SafeReturn {
 public:
  const std::string& text() const noexcept { return text_; }

 private:
  friend SafeReturn choose_return(std::initializer_list<std::string_view>, const ReturnPolicy&);
  explicit SafeReturn(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// The first candidate that is a safe target, else "/". Empty candidates are passed over.
SafeReturn choose_return(std::initializer_list<std::string_view> candidates, const ReturnPolicy&);

// Where the browser behind this request wants to end up, in the order of wishes: `wish`, the `rd`
// parameter of an own endpoint, X-Auth-Request-Redirect, the URL a trusted proxy forwarded, the
// request's own target unless that is an own endpoint. Each goes through the one validator.
SafeReturn wished_return(const Policy&, const RequestFacts&, std::string_view wish = {});

// Whether choose_return would take this target (rules: tests/vectors/redirects and the source).
bool is_safe_return(std::string_view target, const ReturnPolicy&);

}  // namespace gatelet::policy
