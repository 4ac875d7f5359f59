// What a provider answers, as a value.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/call.hpp"

namespace gatelet::support {

inline HttpReply reply(int status, std::string_view body, std::vector<HttpField> fields = {}) {
  HttpReply out;
  out.status = status;
  out.fields = std::move(fields);
  out.body = body;
  return out;
}

inline HttpReply json_reply(int status, std::string_view body) {
  return reply(status, body, {{"Content-Type", "application/json"}});
}

}  // namespace gatelet::support
