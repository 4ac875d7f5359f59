#include "config/resolve_outbound_proxy.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "config/resolve.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

Settings in_environment(std::initializer_list<const char*> variables, const Pairs& more = {}) {
  std::vector<const char*> list(variables);
  list.push_back(nullptr);
  auto settings = complete(more);
  REQUIRE(settings.load_env(list.data()).ok());
  return settings;
}

// The proxy for each URL in turn: "host:port", or "-" where there is none.
std::string ways(const Settings& settings, std::initializer_list<const char*> urls = {
                                               "https://idp.example/", "http://idp.example/"}) {
  const auto resolved = config::resolve(settings);
  REQUIRE(resolved.problems.empty());
  std::string out;
  for (const auto* url : urls) {
    const auto& proxy = resolved.providers.front().trust.proxy;
    const auto* server = proxy.server_for(http::parse_url(url).value());
    out += (out.empty() ? "" : " ") + (server ? server->url() : std::string("-"));
  }
  return out;
}

std::string notice(const Settings& settings) {
  std::string out;
  for (const auto& one : config::resolve(settings).notices) {
    if (one.code == "outbound-proxy") out += one.text;
  }
  return out;
}

}  // namespace

TEST_SUITE("config/resolve_outbound_proxy") {
  TEST_CASE("F-116: not set, and no environment given: no proxy, whatever this process has") {
    CHECK(ways(complete()) == "- -");
    CHECK(notice(complete()).empty());
  }

  TEST_CASE(
      "F-116: the variables of a given environment, the upper case first, each scheme's own") {
    CHECK(ways(in_environment({"HTTPS_PROXY=http://a:1", "https_proxy=http://b:1"})) ==
          "http://a:1 -");
    CHECK(ways(in_environment({"https_proxy=b:1", "HTTP_PROXY=c:2"})) == "http://b:1 http://c:2");
    CHECK(ways(in_environment({"HTTPS_PROXY=", "https_proxy=b:1"})) == "http://b:1 -");
    CHECK(ways(in_environment({"ALL_PROXY=http://a:1"})) == "- -");  // Go knows no such name
  }

  TEST_CASE("F-116: HTTP_PROXY of a CGI program is a client's header field, and does not count") {
    CHECK(ways(in_environment({"REQUEST_METHOD=GET", "HTTP_PROXY=evil:1"})) == "- -");
    CHECK(ways(in_environment({"REQUEST_METHOD=GET", "http_proxy=good:1", "HTTPS_PROXY=s:1"})) ==
          "http://s:1 http://good:1");
  }

  TEST_CASE("F-116: outbound_proxy wins over the variables, for both schemes; - is none") {
    const auto environment = {"HTTPS_PROXY=http://a:1", "HTTP_PROXY=http://a:1"};
    CHECK(ways(in_environment(environment, {{"outbound_proxy", "socks5://o:1"}})) ==
          "socks5h://o:1 socks5h://o:1");
    CHECK(ways(in_environment(environment, {{"outbound_proxy", "-"}})) == "- -");
    CHECK(ways(in_environment({"GATELET_OUTBOUND_PROXY=http://g:1", "HTTPS_PROXY=http://a:1"})) ==
          "http://g:1 http://g:1");
  }

  TEST_CASE("F-116: NO_PROXY passes over what is no host; outbound_no_proxy takes its place") {
    const auto hosts = {"https://a.example/", "https://b.example/", "https://127.0.0.1/"};
    const auto environment = {"HTTPS_PROXY=p:1", "NO_PROXY=https://x, a.example ,,b b"};
    CHECK(ways(in_environment(environment), hosts) == "- http://p:1 -");
    CHECK(ways(in_environment(environment, {{"outbound_no_proxy", "b.example, c.example"}}),
               hosts) == "http://p:1 - -");
    CHECK(ways(in_environment({"HTTPS_PROXY=p:1", "no_proxy=*"}), hosts) == "- - -");
    CHECK(problem(complete({{"outbound_no_proxy", "a.example,https://b.example"}})) ==
          "outbound_no_proxy: \"https://b.example\" is no host; write a name, .name, an address, "
          "each with or without :port, a network, or *");
  }

  TEST_CASE("F-116: what is no proxy is told by its name, never by its value") {
    CHECK(problem(complete({{"outbound_proxy", "ftp://me:canary@p:1"}}))
              .starts_with("outbound_proxy: names no proxy; write http://host:port"));
    CHECK(problem(in_environment({"HTTPS_PROXY=ftp://me:canary@p:1"}))
              .starts_with("HTTPS_PROXY: names no proxy; write http://host:port"));
    CHECK(problem(in_environment({"http_proxy=p:1/path"})).starts_with("http_proxy: "));
    CHECK(problem(in_environment({"HTTPS_PROXY=ftp://me:canary@p:1"})).find("canary") ==
          std::string::npos);
    CHECK(ways(in_environment({"HTTPS_PROXY=garbage:x"}, {{"outbound_proxy", "-"}})) == "- -");
  }

  TEST_CASE("F-116: a notice at the start says which proxy is used, without its password") {
    CHECK(notice(in_environment({"HTTPS_PROXY=http://me:canary@p:1"})) ==
          "calls to providers go through a proxy: http://p:1 for https");
    CHECK(notice(complete({{"outbound_proxy", "me:canary@p:1"}})) ==
          "calls to providers go through a proxy: http://p:1");
    CHECK(notice(in_environment({"HTTPS_PROXY=p:1", "HTTP_PROXY=q:1"})) ==
          "calls to providers go through a proxy: http://p:1 for https, http://q:1 for plain http");
  }

  TEST_CASE("F-116: the issuers of programs' tokens are reached the same way") {
    const auto resolved = config::resolve(complete({{"outbound_proxy", "p:1"},
                                                    {"skip_jwt_bearer_tokens", "true"},
                                                    {"extra_jwt_issuers", "https://i.example=a"}}));
    REQUIRE(resolved.token_issuers.size() == 1);
    CHECK(resolved.token_issuers.front().trust.proxy.for_https->host == "p");
  }
}
