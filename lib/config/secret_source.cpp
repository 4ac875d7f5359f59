#include "config/secret_source.hpp"

#include "config/value.hpp"

namespace gatelet::config {
namespace {

std::optional<Secret> from_bytes(const json::Array& numbers) {
  std::string bytes;
  for (const auto& item : numbers) {
    const auto text = scalar_text(item);
    const auto number = text ? parse_integer(*text) : std::nullopt;
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    bytes += static_cast<char>(*number);
  }
  Secret secret(bytes);
  wipe(bytes);
  return secret;
}

// Empty where there is none.
Secret value_of(Fields& fields) {
  const auto* value = fields.find("value");
  if (value == nullptr) return {};
  if (const auto* numbers = value->array()) {
    auto secret = from_bytes(*numbers);
    if (!secret) fields.say("value", "a list holds the numbers of bytes, 0 to 255, only");
    return secret.value_or(Secret());
  }
  return Secret(fields.text("value"));
}

std::optional<Secret> variable(Fields& fields, const std::string& name, const Settings& settings) {
  const auto* value = settings.variable(name);
  if (value != nullptr && !value->empty()) return *value;
  fields.say("fromEnv", "the variable " + quoted(name) +
                            (settings.has_environment()
                                 ? " is not set; set it, or name another"
                                 : " cannot be looked up without an environment; give it "
                                   "(load_env) with the settings"));
  return std::nullopt;
}

}  // namespace

SecretSource read_secret_source(Fields fields, const Settings& settings) {
  const auto num_before = fields.complaints().said.size();
  auto value = value_of(fields);
  const auto name = fields.text("fromEnv");
  SecretSource source;
  source.file = fields.text("fromFile");
  fields.finish();
  if (fields.complaints().said.size() != num_before) return {};

  const int num_given = !value.empty() + !name.empty() + !source.file.empty();
  if (num_given != 1) {
    fields.say("value", "expected one of value, fromEnv and fromFile, got " +
                            std::string(num_given == 0 ? "none" : "several"));
    return {};
  }
  if (!value.empty()) source.text = std::move(value);
  if (!name.empty()) source.text = variable(fields, name, settings);
  return source;
}

}  // namespace gatelet::config
