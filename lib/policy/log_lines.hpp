// Log lines in the operator's formats (request_logging_format, auth_logging_format,
// standard_logging_format): the fields are oauth2-proxy's, and so are lines for the same event.
//
// No request can forge a line: control bytes, line ends and quotes of every value are escaped. No
// line holds a secret: below proxy_prefix the values of parameters are left out, but for those that
// are known to be none, since codes, states and tokens travel there. Moments are local already.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "http/template.hpp"
#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// What the formats may name.
std::span<const http::TemplateField> request_log_fields() noexcept;
std::span<const http::TemplateField> auth_log_fields() noexcept;
std::span<const http::TemplateField> standard_log_fields() noexcept;

// Who asked, as every line says it; owned, so that it outlives the request.
struct Asked {
  std::string client, host, method, user_agent;
};

// `facts` may be null: a request that could not be read.
Asked asked_by(const Policy&, const RequestView&, const RequestFacts* facts);

// The line for a request; empty where request_logging is off, the path is in exclude_logging_paths,
// or a health check is not to be told. `ended` is the moment of the call.
std::string request_line(const Policy&, const RequestView&, const RequestFacts* facts,
                         const Decision&, const Served&, Instant ended);

// How an attempt to sign in ended, in oauth2-proxy's words where it has some.
struct AuthOutcome {
  std::string_view status, message;  // "AuthSuccess", "AuthFailure", "AuthError"; empty: no attempt
};
AuthOutcome auth_outcome(Reason reason) noexcept;

// The line for an attempt; empty where auth_logging is off or it was none.
std::string auth_line(const Policy&, const Asked&, const Decision&, Instant now);

// The line for anything else; empty where standard_logging is off. `source` stands for the source
// file of the reference: the event's code.
std::string standard_line(const LoggingPolicy&, std::string_view source, std::string_view message,
                          Instant now);

}  // namespace gatelet::policy
