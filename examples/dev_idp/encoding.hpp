// Small encodings every exchange of the development provider needs: base64, percent-encoding, HTML,
// SHA-256 and random names. OpenSSL does the work where there is any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dev_idp {

std::string base64url(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);  // the padded alphabet of Basic

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string random_name(std::size_t num_bytes = 24);

std::string percent_encode(std::string_view text);         // all but unreserved characters
std::optional<std::string> form_decode(std::string_view);  // "+" is a space
std::string escape_html(std::string_view text);

using Fields = std::vector<std::pair<std::string, std::string>>;

// `url` with `fields` added to its query.
std::string with_query(std::string url, const Fields& fields);

}  // namespace dev_idp
