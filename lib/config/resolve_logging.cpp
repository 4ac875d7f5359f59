#include "config/resolve_logging.hpp"

#include <memory>
#include <string>
#include <utility>

#include "policy/log_lines.hpp"

namespace gatelet::config {
namespace {

using Format = std::shared_ptr<const http::Template>;

Format compile(Row row, const std::string& text, std::span<const http::TemplateField> fields,
               Problems& problems) {
  auto made = http::Template::line(text, fields);
  if (made.ok()) return std::make_shared<const http::Template>(std::move(made).value());
  problems.add(row, "cannot be used: " + made.error().text);
  return nullptr;
}

}  // namespace

void resolve_logging(const Values& values, policy::LoggingPolicy& logging, Problems& problems) {
  const auto& engine = values.engine;
  logging.requests = *engine.request_logging;
  logging.auth = *engine.auth_logging;
  logging.standard = *engine.standard_logging;
  logging.exclude_paths = *engine.exclude_logging_paths;
  logging.silence_ping = *engine.silence_ping_logging;
  logging.request_format = compile(Row::request_logging_format, *engine.request_logging_format,
                                   policy::request_log_fields(), problems);
  logging.auth_format = compile(Row::auth_logging_format, *engine.auth_logging_format,
                                policy::auth_log_fields(), problems);
  logging.standard_format = compile(Row::standard_logging_format, *engine.standard_logging_format,
                                    policy::standard_log_fields(), problems);
}

}  // namespace gatelet::config
