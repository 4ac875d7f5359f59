// Which header fields carry what: the flat switches as rules, or the rules that
// inject_request_headers and inject_response_headers list.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <gatelet/settings.hpp>

#include "config/problems.hpp"
#include "config/values.hpp"
#include "policy/policy.hpp"

namespace gatelet::config {

// A secret of a rule that stands in a file: the rule's `value`-th text or password.
struct HeaderFile {
  Row row = Row::inject_request_headers;
  std::size_t rule = 0, value = 0;
  bool is_password = false;
  std::string path;
};

// Either option, also as an empty list, takes the place of every switch: nothing is sent that is
// not listed. A switch that is set besides is a problem, and so is a rule nobody can send.
policy::HeaderPolicy resolve_headers(const Settings& settings, const Values& values,
                                     std::vector<HeaderFile>& files, Problems& problems);

// Why a text cannot stand in a field, as the rest of a sentence; empty when it can.
std::string field_complaint(std::string_view text);

}  // namespace gatelet::config
