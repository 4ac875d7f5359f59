#include "policy/skip_routes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/bytes.hpp"

using namespace gatelet;
using policy::parse_skip_rule;
using policy::RuleReading;
using policy::SkipRoutes;

namespace {

// "METHOD pattern", with a "!" before the pattern of a negated rule; or what is said of the entry.
std::string rule_text(std::string_view entry, RuleReading reading) {
  const auto rule = parse_skip_rule(entry, reading);
  if (!rule.ok()) return rule.error().text;
  return rule->method + " " + (rule->is_negated ? "!" : "") + rule->pattern;
}

#ifdef GATELET_HAVE_RE2
// Paths of pieces that programs read differently.
std::string generated_path(std::minstd_rand& chance) {
  static const std::vector<std::string> pieces = {
      "/",        "/public", "/private", "/admin",    "/a",        "/..", "/.",
      "%2f",      "%2F..",   "%5c",      "\\..",      ";x",        "..;", "%2e%2e",
      "//",       "%252e",   "%252f.",   "/%70ublic", "?",         "%3f", "%23",
      "/%61dmin", "%00",     "\xc3\xbc", "%c0%af",    "/public/.."};
  std::string path;
  const auto num = 1 + chance() % 5;
  for (unsigned i = 0; i < num; ++i) path += pieces[chance() % pieces.size()];
  return path;
}

int num_generated_paths() { return std::getenv("TEST_LONG") != nullptr ? 1'000'000 : 100'000; }

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte =
        text[i] == '%' ? from_hex(std::string_view(text).substr(i + 1, 2)) : std::nullopt;
    out += byte && byte->size() == 1 ? byte->front() : text[i];
    if (byte && byte->size() == 1) i += 2;
  }
  return out;
}

// Dot segments resolved, empty ones dropped.
std::string resolved(const std::string& path) {
  std::vector<std::string> kept;
  std::istringstream segments(path);
  for (std::string segment; std::getline(segments, segment, '/');) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
  }
  std::string out;
  for (const auto& segment : kept) out += "/" + segment;
  return out.empty() ? "/" : out;
}

// Parameters of each segment cut off, as servlet containers do.
std::string without_parameters(const std::string& path) {
  std::string out;
  bool is_inside = false;
  for (const char c : path) {
    is_inside = c != '/' && (is_inside || c == ';');
    if (!is_inside) out += c;
  }
  return out;
}

// What programs of different habits take a path for.
std::vector<std::string> readings(const std::string& path) {
  const auto once = decoded(path);
  auto slashes = once;
  for (char& c : slashes) c = c == '\\' ? '/' : c;
  const auto cut = [](const std::string& text) { return text.substr(0, text.find_first_of("?#")); };
  return {resolved(once),
          resolved(decoded(once)),
          resolved(slashes),
          resolved(cut(once)),
          resolved(without_parameters(once)),
          resolved(decoded(without_parameters(path))),
          resolved(decoded(resolved(path)))};
}

SkipRoutes routes_of(const std::vector<std::string>& entries) {
  SkipRoutes routes;
  for (const auto& entry : entries) {
    const auto rule = parse_skip_rule(entry, RuleReading::strict);
    REQUIRE(rule.ok());
    REQUIRE(routes.add(*rule).ok());
  }
  routes.unite();
  return routes;
}
#endif

}  // namespace

TEST_SUITE("policy/skip_routes") {
  TEST_CASE("parse_skip_rule: both readings of what has one meaning") {
    for (const auto reading : {RuleReading::strict, RuleReading::reference}) {
      CHECK(rule_text("^/public", reading) == " ^/public");
      CHECK(rule_text("=^/a=b", reading) == " ^/a=b");
      CHECK(rule_text("!=^/a", reading) == " !^/a");
      CHECK(rule_text("GET=^/a", reading) == "GET ^/a");
      CHECK(rule_text("get=^/a", reading) == "GET ^/a");
      CHECK(rule_text("GET!=^/a", reading) == "GET !^/a");
      CHECK(rule_text("VERSION-CONTROL==", reading) == "VERSION-CONTROL =");
      CHECK(rule_text("!^/a", reading) == " !^/a");  // no "=": the "!" is the pattern's
    }
    CHECK_FALSE(parse_skip_rule("!^/a", RuleReading::strict)->is_negated);
  }

  TEST_CASE("parse_skip_rule: what the reference reads in a way nobody means is refused") {
    for (const auto* entry :
         {"^/a=b$", "GET,POST=^/a", " GET=^/a", "GET =^/a", "^/a!=b", "GE1=x"}) {
      CAPTURE(entry);
      CHECK(rule_text(entry, RuleReading::strict).starts_with("what stands before the first ="));
    }
    CHECK(rule_text("GET=", RuleReading::strict).starts_with("has no pattern"));
    CHECK(rule_text("=", RuleReading::strict).starts_with("has no pattern"));
    CHECK(rule_text("!=", RuleReading::strict).starts_with("has no pattern"));
    CHECK(rule_text("GET=^/a!=b", RuleReading::strict).starts_with("has != in its pattern"));

    CHECK(rule_text("^/a=b$", RuleReading::reference) == "^/A b$");
    CHECK(rule_text("GET=", RuleReading::reference) == "GET ");
    CHECK(rule_text("GET=^/a!=b", RuleReading::reference) == "GET !^/a!=b");
    CHECK(rule_text(" GET=^/a", RuleReading::reference) == " GET ^/a");
  }

#ifdef GATELET_HAVE_RE2
  TEST_CASE("matches: no rule, no pass") {
    CHECK(SkipRoutes().is_empty());
    CHECK_FALSE(SkipRoutes().matches("GET", "/"));
  }

  TEST_CASE("H-10: matches: a rule for one method covers no other") {
    const auto routes = routes_of({"GET=^/public$"});
    CHECK(routes.matches("GET", "/public"));
    for (const auto* method : {"get", "HEAD", "OPTIONS", "TRACE", "POST", "", "GETX"}) {
      CAPTURE(method);
      CHECK_FALSE(routes.matches(method, "/public"));
    }
  }

  TEST_CASE("matches: each negated rule lets pass what it does not match") {
    const auto routes = routes_of({"!=^/private", "POST!=^/form", "^/private/open$"});
    CHECK_FALSE(routes.matches("GET", "/private"));
    CHECK(routes.matches("GET", "/private/open"));
    CHECK(routes.matches("GET", "/form"));
    CHECK(routes.matches("POST", "/private"));  // by the second rule
    CHECK_FALSE(routes_of({"POST!=^/form"}).matches("GET", "/x"));
  }

  TEST_CASE("matches: the path is decoded once; no query is ever part of it") {
    const auto routes = routes_of({"^/a b$", "^/\xc3\xbc"});
    CHECK(routes.matches("GET", "/a%20b"));
    CHECK(routes.matches("GET", "/%c3%bcx"));
    CHECK_FALSE(routes.matches("GET", "/a+b"));
  }

  TEST_CASE(
      "H-09, PX-12, EN-13, EN-14, OP-13: matches: a path that may be read in two ways passes by no "
      "rule, negated ones included") {
    const auto routes = routes_of({"^/public", "!=^/admin"});
    CHECK(routes.matches("GET", "/public/x"));
    CHECK(routes.matches("GET", "/else"));
    for (const auto* path : {"/public/../admin",
                             "/public/%2e%2e/admin",
                             "/public/..;/admin",
                             "//public",
                             "/./public",
                             "/public/%2e%2e%2fadmin",
                             "/public%2fx",
                             "/public%5cx",
                             "/public\\x",
                             "/public%252f",
                             "/public;x=1",
                             "/public%3fx",
                             "/public%23x",
                             "/public%c0%af",
                             "/public%ff",
                             "/public//x",
                             "/public%0a",
                             "/public/.",
                             "/public/..",
                             "public",
                             ""}) {
      CAPTURE(path);
      CHECK_FALSE(routes.matches("GET", path));
    }
  }

  TEST_CASE(
      "PX-05: matches: whatever passes is public under every reading a program behind may have") {
    const auto routes = routes_of({"^/public(/|$)", "GET!=^/(private|admin)"});
    const auto only_public = routes_of({"^/public(/|$)"});
    std::minstd_rand chance(7);
    int num_passed = 0;
    for (int i = 0; i < num_generated_paths(); ++i) {
      const auto path = generated_path(chance);
      const bool passes = only_public.matches("GET", path);
      num_passed += passes;
      for (const auto& reading : readings(path)) {
        CAPTURE(path);
        CAPTURE(reading);
        if (passes) REQUIRE((reading == "/public" || reading.starts_with("/public/")));
        if (!routes.matches("GET", path)) continue;
        REQUIRE_FALSE(reading.starts_with("/private"));
        REQUIRE_FALSE(reading.starts_with("/admin"));
      }
    }
    CHECK(num_passed > num_generated_paths() / 1000);
  }

  TEST_CASE("add: a pattern that is none leaves the rules as they were") {
    SkipRoutes routes;
    CHECK_FALSE(routes.add({"GET", false, "("}).ok());
    CHECK(routes.is_empty());
    CHECK_FALSE(routes.add({"GET", true, "("}).ok());
    CHECK_FALSE(routes.matches("GET", "/"));
  }
#endif
}
