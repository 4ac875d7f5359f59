// What oauth2-proxy itself answered, as the tests read it: by a JSON reader that is not the
// library's own.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/request.hpp>

#include "base/bytes.hpp"
#include "base/instant.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::vectors {

using Json = nlohmann::json;

inline std::string read_path(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "cannot open " << path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::string read_file(const std::string& name) {
  return read_path(std::string(VECTORS_DIR "/oauth2-proxy/") + name);
}

// The columns of every line that is no comment; "-" stands for empty.
inline std::vector<std::vector<std::string>> read_rows(const std::string& content) {
  std::vector<std::vector<std::string>> rows;
  std::string_view rest(content);
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.starts_with('#')) continue;
    auto& row = rows.emplace_back();
    for (;;) {
      const auto cell = line.substr(0, line.find('\t'));
      row.emplace_back(cell == "-" ? std::string_view() : cell);
      if (cell.size() == line.size()) break;
      line.remove_prefix(cell.size() + 1);
    }
  }
  return rows;
}

inline std::vector<std::vector<std::string>> read_table(const std::string& name) {
  return read_rows(read_file(name));
}

// Undoes every %XX and nothing else.
inline std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    out.push_back(byte ? byte->front() : text[i]);
    if (byte) i += 2;
  }
  return out;
}

inline std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? std::string() : found->get<std::string>();
}

inline std::string bytes_at(const Json& object, const char* name) {
  const auto bytes = from_hex(text_at(object, name));
  REQUIRE(bytes.has_value());
  return *bytes;
}

// A case's cookies as the fields of a request. Views the case.
inline std::vector<HeaderView> headers_of(const Json& one) {
  std::vector<HeaderView> headers;
  for (const auto& line : one.at("cookie_header"))
    headers.push_back({"Cookie", line.get_ref<const std::string&>()});
  return headers;
}

inline Instant now_of(const Json& one) {
  const auto nanos = one.value("now_nanos", std::int64_t{0});
  return at_unix(one.at("now").get<std::int64_t>()) + std::chrono::nanoseconds(nanos);
}

inline Secret secret_of(const Json& one) {
  return one.contains("cookie_secret_file_hex") ? Secret(bytes_at(one, "cookie_secret_file_hex"))
                                                : Secret(text_at(one, "cookie_secret"));
}

// "cookie_path=/app cookie_secure=false ...; request host app.example.com", by name.
inline std::string option_of(const Json& one, std::string_view name, std::string_view otherwise) {
  const auto options = " " + text_at(one, "attributes");
  const auto start = options.find(" " + std::string(name) + "=");
  if (start == std::string::npos) return std::string(otherwise);
  const auto value = start + name.size() + 2;
  return options.substr(value, options.find_first_of(" ;", value) - value);
}

inline http::SameSite same_site_of(std::string_view text) {
  if (text == "lax") return http::SameSite::lax;
  if (text == "strict") return http::SameSite::strict;
  return text == "none" ? http::SameSite::none : http::SameSite::unset;
}

// The settings with which the library does as the reference, for the options of one case.
inline session::SessionSettings settings_of(const Json& one) {
  session::SessionSettings settings;
  settings.format = session::CookieFormat::oauth2_proxy;
  settings.cookie_name = text_at(one, "cookie_name");
  settings.newest_of_duplicates = false;
  settings.write_extra_keys = false;
  settings.expire_with_tokens_on_refresh_only = true;
  settings.cookie_expire = std::chrono::seconds(one.value("expire_seconds", std::int64_t{604800}));
  settings.minimal = one.value("session_cookie_minimal", false);
  settings.attributes.path = option_of(one, "cookie_path", "/");
  settings.attributes.secure = option_of(one, "cookie_secure", "true") == "true";
  settings.attributes.http_only = option_of(one, "cookie_httponly", "true") == "true";
  settings.attributes.same_site = same_site_of(option_of(one, "cookie_samesite", ""));
  settings.login_state_same_site = same_site_of(option_of(one, "cookie_csrf_samesite", ""));
  settings.login_state_per_request = one.value("cookie_csrf_per_request", false);
  settings.login_state_expire =
      std::chrono::seconds(one.value("cookie_csrf_expire_seconds", std::int64_t{900}));
  settings.encode_state = one.value("encode_state", false);

  auto domains = option_of(one, "cookie_domains", "");
  while (!domains.empty()) {
    const auto domain = domains.substr(0, domains.find(','));
    settings.cookie_domains.push_back(domain);
    domains.erase(0, domain.size() + 1);
  }
  return settings;
}

constexpr std::string_view request_host = "app.example.com";

// The part of a Set-Cookie value behind name and value.
inline std::string_view attributes_of(std::string_view set_cookie) {
  return set_cookie.substr(std::min(set_cookie.find(';'), set_cookie.size()));
}

// A crafted case in which we are stricter than the reference, and the rule that says so.
struct Stricter {
  std::string_view name;
  std::string_view rule;
};

inline const Stricter* find_stricter(std::span<const Stricter> table, std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace gatelet::vectors
