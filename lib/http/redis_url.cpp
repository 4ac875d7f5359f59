#include "http/redis_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "http/ascii.hpp"
#include "http/authority.hpp"
#include "http/form.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"
#include "http/path.hpp"

namespace gatelet::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t max_url_size = 8 * 1024;
constexpr std::size_t max_socket_path = 107;  // sockaddr_un has room for 108 bytes with the end

Error malformed(std::string_view what) {
  return {Status::malformed, "is no URL of a Redis server: " + std::string(what)};
}

// What go-redis is tuned by. Passed over.
constexpr std::string_view tuning[] = {
    "protocol",          "client_name",       "max_retries",          "min_retry_backoff",
    "max_retry_backoff", "dial_timeout",      "read_timeout",         "write_timeout",
    "pool_fifo",         "pool_size",         "pool_timeout",         "min_idle_conns",
    "max_idle_conns",    "max_active_conns",  "max_concurrent_dials", "conn_max_idle_time",
    "idle_timeout",      "conn_max_lifetime", "max_conn_age",         "conn_max_lifetime_jitter",
};

// nullopt: a broken escape.
std::optional<std::string> decoded(std::string_view text) {
  for (auto at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    if (!escaped_byte(text, at)) return std::nullopt;
  }
  return percent_decoded(text);
}

// As Go's net/url: what stands for itself in the part before the host.
bool may_stand_in_userinfo(char c) noexcept {
  return is_alpha(c) || is_digit(c) || std::string_view("-._:~!$&'()*+,;=%@").find(c) != npos;
}

std::optional<Secret> secret_of(std::string_view text) {
  auto plain = decoded(text);
  if (!plain) return std::nullopt;
  Secret secret(*plain);
  wipe(*plain);
  return secret;
}

Result<void> read_userinfo(std::string_view text, RedisUrl& url) {
  const auto colon = std::min(text.find(':'), text.size());
  auto user = secret_of(text.substr(0, colon));
  auto password = secret_of(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password || !std::all_of(text.begin(), text.end(), may_stand_in_userinfo)) {
    return malformed(
        "write characters of user and password other than letters, digits and -._~ "
        "percent-encoded, such as %2F for /");
  }
  url.user = std::move(*user);
  url.password = std::move(*password);
  return {};
}

Result<void> read_host(std::string_view text, RedisUrl& url) {
  const bool has_no_host = text.empty() || text.front() == ':';
  auto whole = has_no_host ? "localhost" + std::string(text) : std::string(text);
  if (whole.back() == ':') whole.pop_back();
  const auto authority = parse_authority(whole);
  if (!authority) {
    return malformed(
        "expected host:port behind the scheme, with user:password@ before it where the server asks "
        "for them; / ? # and @ in a password are written percent-encoded");
  }
  url.host = lower(authority->host);
  if (url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  url.port = authority->port.value_or(6379);
  return {};
}

Result<void> read_database(std::string_view text, RedisUrl& url) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.database);
  if (error == std::errc() && end == text.data() + text.size() && url.database >= 0) return {};
  return malformed("a database is a number from 0, behind the host (/3) or as ?db=3");
}

Result<void> read_database_path(std::string_view text, RedisUrl& url) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text.empty() ? Result<void>() : read_database(text, url);
}

Result<void> read_socket_path(std::string_view text, RedisUrl& url) {
  auto path = decoded(text);
  if (!path || !path->starts_with('/') || path->find('\0') != std::string::npos) {
    return malformed("expected the path of a socket, as in unix:///run/redis/redis.sock");
  }
  if (path->size() > max_socket_path) {
    return malformed("the path of a socket has at most 107 bytes");
  }
  url.path = std::move(*path);
  return {};
}

Result<void> read_parameters(std::string_view query, RedisUrl& url) {
  const auto params = parse_form(query);
  if (!params.ok()) return malformed("its query is not well-formed");
  for (const auto& [name, value] : *params) {
    if (name == "db") {
      if (value.empty()) continue;
      if (auto read = read_database(value, url); !read.ok()) return read;
    } else if (name == "skip_verify" && url.is_tls) {
      if (value != "true" && value != "1" && value != "false" && value != "0" && !value.empty()) {
        return malformed("skip_verify is true or false");
      }
      url.skip_verify = value == "true" || value == "1";
    } else if (std::find(std::begin(tuning), std::end(tuning), name) == std::end(tuning)) {
      return malformed(
          "it has a parameter that is not known; write db, or skip_verify with rediss");
    }
  }
  return {};
}

Result<void> read_server(std::string_view authority, std::string_view path, RedisUrl& url) {
  if (auto read = read_host(authority, url); !read.ok()) return read;
  return read_database_path(path, url);
}

Result<void> read_socket(std::string_view authority, std::string_view path, RedisUrl& url) {
  if (!authority.empty()) {
    return malformed("a unix URL names no host: write three slashes, as in unix:///run/redis.sock");
  }
  return read_socket_path(path, url);
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  if (text.size() > max_url_size) return malformed("it has more than 8 KiB");
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return malformed("it has a control byte");
  }
  const auto mark = text.find("://");
  const auto scheme = lower(text.substr(0, std::min(mark, text.size())));
  if (mark == npos || (scheme != "redis" && scheme != "rediss" && scheme != "unix")) {
    return malformed("expected redis://, rediss:// (TLS) or unix:// (a socket's path)");
  }
  auto rest = text.substr(mark + 3);
  if (rest.find('#') != npos) return malformed("# is written %23");

  const auto question = std::min(rest.find('?'), rest.size());
  const auto query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto path = rest.substr(slash);
  auto authority = rest.substr(0, slash);

  RedisUrl url;
  url.is_tls = scheme == "rediss";
  if (const auto at = authority.rfind('@'); at != npos) {
    if (auto read = read_userinfo(authority.substr(0, at), url); !read.ok()) return read.error();
    authority.remove_prefix(at + 1);
  }
  auto read =
      scheme == "unix" ? read_socket(authority, path, url) : read_server(authority, path, url);
  if (!read.ok()) return read.error();
  if (read = read_parameters(query, url); !read.ok()) return read.error();
  return url;
}

}  // namespace gatelet::http
