// The request target (RFC 9112 section 3.2.1) and the path that rules see.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::http {

// An origin-form target, split; views into it.
struct Target {
  std::string_view path;   // as sent, "/a%20b"
  std::string_view query;  // without "?"
  bool has_query = false;
};

// Splits and checks a target.
//   Failure: Status::bad_request for anything but origin-form, a raw `#`, a control byte, a space,
//   a NUL (also %00), a broken percent escape, or more than 32 KiB. Allocates nothing on success.
Result<Target> parse_target(std::string_view target);

bool is_target(std::string_view target) noexcept;  // parse_target would accept it

// Every percent escape decoded once; a broken one stays as it is.
std::string percent_decoded(std::string_view text);

// The path decoded once and normalised.
struct NormalPath {
  std::string text;      // dot segments resolved, runs of "/" merged; never leaves the root
  bool is_plain = true;  // decoding and normalising changed nothing that could make a rule match
                         // another path: false for dot segments, "//", %2f, %5c, backslash, ";",
                         // %23, %3f, double encoding, control bytes, what is not UTF-8
};
// A path that holds none of that is copied once and costs no other allocation.
NormalPath normalise_path(std::string_view path);

}  // namespace gatelet::http
