// Text inside a log line: whatever a request holds, a line stays one line and a quoted text ends
// where it ends.
#pragma once

#include <string>
#include <string_view>

namespace gatelet::http {

// Appends `text` with quotes, backslashes, control bytes, line ends of every kind, marks that turn
// the direction of writing, and bytes that are not UTF-8 as escapes: \" \\ \n \x1b \u2028 \xff.
void log_escape(std::string_view text, std::string& out);

// The same, but quotes and backslashes stay: for a text that nothing stands behind on its line.
void log_escape_controls(std::string_view text, std::string& out);

// The first between double quotes, as Go's %q writes it.
std::string log_quoted(std::string_view text);

}  // namespace gatelet::http
