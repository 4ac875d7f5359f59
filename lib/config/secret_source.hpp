// A secret that a structured option names by where it is: its text, a variable, or a file.
#pragma once

#include <optional>
#include <string>

#include <gatelet/settings.hpp>

#include "base/secret.hpp"
#include "config/fields.hpp"

namespace gatelet::config {

// Neither, where something was wrong with it.
struct SecretSource {
  std::optional<Secret> text;
  std::string file;  // read by whoever makes an engine
};

// Reads {"value": ...}, {"fromEnv": NAME} or {"fromFile": PATH}; a value is a text or a list of
// byte numbers, as the reference's converter writes one. Variables are those of the settings.
SecretSource read_secret_source(Fields fields, const Settings& settings);

}  // namespace gatelet::config
