// What options ask of each other. Everything is looked at; nothing is changed, opened or asked.
#pragma once

#include "config/problems.hpp"
#include "config/values.hpp"

namespace gatelet::config {

// Adds what is wrong with options taken together: what is missing, what excludes what, what has no
// effect.
void validate(const Values& values, Problems& problems);

// The parts of validate(): options of the engine, and of one provider.
void validate_cookies(const Values& values, Problems& problems);
void validate_access(const Values& values, Problems& problems);
void validate_provider(const Values& values, const ProviderValues& provider, Problems& problems);

// The PKCE method: code_challenge_method, or its other name; empty when off.
const std::string& pkce_method(const ProviderValues& provider) noexcept;

}  // namespace gatelet::config
