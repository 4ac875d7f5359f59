// Variables in a text before it is read as YAML, as oauth2-proxy substitutes them in its alpha
// configuration.
//
//   $NAME ${NAME}                     its value; nothing when it is not set
//   ${NAME:-text} ${NAME:=text}       text when it is not set or empty
//   ${NAME-text}  ${NAME=text}        text when it is not set
//   ${NAME:+text} ${NAME+text}        text when it is set, else nothing
//   $$ $1                             "$", "$1"
//
// `text` ends at the first "}" of its line; one "$NAME" stands for that variable. A value is put
// there as it is: what it says counts as YAML.
#pragma once

#include <string>
#include <string_view>

#include <gatelet/settings.hpp>

#include "base/result.hpp"

namespace gatelet::config {

//   Failure: Status::invalid_value: an expression that is none of these, or a result above 1 MiB.
//   Status::invalid_argument: a variable is named, and the settings were given no environment. The
//   text has the line, never a value.
Result<std::string> substitute(std::string_view text, const Settings& settings);

}  // namespace gatelet::config
