// Text inside HTML.
#pragma once

#include <string>
#include <string_view>

namespace gatelet::http {

// Appends `text` with & < > " ' escaped: safe as element content and inside quoted attributes.
// Bytes that are not UTF-8 become U+FFFD; control bytes are dropped.
void html_escape(std::string_view text, std::string& out);

}  // namespace gatelet::http
