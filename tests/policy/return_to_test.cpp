#include "policy/return_to.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/browser_url.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::choose_return;
using policy::is_safe_return;
using policy::ReturnPolicy;

namespace {

const support::BrowserOrigin app = {"https", "app.example.com", "", true};

ReturnPolicy strict(std::vector<std::string> domains = {}) {
  ReturnPolicy made;
  made.whitelist_domains = std::move(domains);
  return made;
}

ReturnPolicy compat(std::vector<std::string> domains) {
  auto made = strict(std::move(domains));
  made.accept_http = true;
  made.strict_query = true;
  return made;
}

int hex(char c) {
  const std::string digits = "0123456789abcdef";
  return static_cast<int>(digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c));
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    out.push_back(escape ? static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])) : text[i]);
    if (escape) i += 2;
  }
  return out;
}

std::string with_upper_hex(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (std::size_t k = i + 1; k < i + 3; ++k) {
      if (text[k] >= 'a' && text[k] <= 'f') text[k] = static_cast<char>(text[k] - 32);
    }
  }
  return text;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

struct Row {
  std::string source, written, input;
  std::vector<std::string> domains;
  std::string whitelist;
  bool valid = false;
};

std::vector<Row> rows() {
  std::ifstream file(POLICY_TEST_DATA "/redirects.tsv");
  REQUIRE_MESSAGE(file.is_open(), POLICY_TEST_DATA "/redirects.tsv");
  std::vector<Row> all;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) continue;
    const auto columns = split(line, '\t');
    REQUIRE(columns.size() == 4);
    Row row;
    row.source = columns[0];
    row.written = columns[1];
    if (columns[1] != "-") row.input = decoded(columns[1]);
    row.whitelist = columns[2];
    if (columns[2] != "-") row.domains = split(columns[2], ',');
    REQUIRE((columns[3] == "valid" || columns[3] == "invalid"));
    row.valid = columns[3] == "valid";
    all.push_back(row);
  }
  return all;
}

// Whatever the validator lets pass, a browser takes to the application or to a whitelisted host.
void check_destination(std::string_view input, const ReturnPolicy& policy) {
  CAPTURE(input);
  const auto location = choose_return({input}, policy).text();
  CHECK(
      std::all_of(location.begin(), location.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
  const auto browser = support::browser_origin(location, app);
  if (input.starts_with("/") || location == "/") {
    CHECK(browser == app);
    return;
  }
  CHECK(browser.valid);
  CHECK((browser.scheme == "https" || (policy.accept_http && browser.scheme == "http")));
  const bool known =
      std::any_of(policy.whitelist_domains.begin(), policy.whitelist_domains.end(),
                  [&](const std::string& entry) {
                    auto name = entry.substr(0, entry.find(entry.front() == '[' ? ']' : ':'));
                    name.erase(0, name.find_first_not_of("*.["));
                    for (auto& c : name) c = static_cast<char>(std::tolower(c));
                    auto host = browser.host;
                    if (host.front() == '[') host = host.substr(1, host.size() - 2);
                    return host == name || host.ends_with("." + name);
                  });
  CHECK(known);
}

void refused(std::string_view input, const ReturnPolicy& policy) {
  CAPTURE(input);
  CHECK_FALSE(is_safe_return(input, policy));
  CHECK(choose_return({input}, policy).text() == "/");
}

// In the default profile an honest path may carry a URL in its query; compat refuses it, as the
// reference.
bool leads_astray_by_query_alone(const std::string& text, const ReturnPolicy& policy) {
  const auto question = text.find('?');
  return !policy.strict_query && text.front() == '/' && question != std::string::npos &&
         is_safe_return(text.substr(0, question), policy);
}

// Which of our rules makes the difference; "" for none.
std::string rule_of(const Row& row, bool accepted) {
  const auto has = [&](std::string_view any) {
    return row.input.find_first_of(any) != std::string::npos;
  };
  if (accepted) {
    auto lower = row.input + row.whitelist;
    const auto before = lower;
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower != before ? "accepted: letter case of the host" : "";
  }
  if (row.input == "/." || row.input == "/.." || row.input.ends_with("/.."))
    return "dot segment at the end";
  if (has("\\")) return "backslash";
  const bool odd_bytes = std::any_of(row.input.begin(), row.input.end(),
                                     [](char c) { return c <= ' ' || c >= '\x7f'; });
  if (odd_bytes) return "not ASCII, white space or control byte";
  if (has("%")) return "escape of a slash, dot or control byte";
  const auto authority =
      row.input.substr(row.input.find("//") + 2, row.input.find('/', 8) - row.input.find("//") - 2);
  if (authority.find('@') != std::string::npos) return "userinfo";
  return authority.find(':') != std::string::npos ? "port" : "host";
}

}  // namespace

TEST_SUITE("policy/return_to") {
  TEST_CASE("is_safe_return: honest paths") {
    for (const auto* path :
         {"/", "/a", "/a/b/", "/a?b=c&d", "/a#b", "/.../x", "/a..b", "/a%20b", "/@user", "/a:b",
          "/:80/x", "/search?next=https://x.test//y/../z", "/a?x=%2f%zz", "/?", "/#", "/a%25b"}) {
      CAPTURE(path);
      CHECK(is_safe_return(path, strict()));
      CHECK(choose_return({path}, strict()).text() == path);
      check_destination(path, strict());
    }
  }

  TEST_CASE("choose_return: what is not ASCII travels percent-encoded") {
    CHECK(choose_return({"/\xc3\xa4/\xe2\x82\xac?q=\xf0\x9f\x98\x80"}, strict()).text() ==
          "/%C3%A4/%E2%82%AC?q=%F0%9F%98%80");
  }

  TEST_CASE("choose_return: the first safe wish wins, none is the root") {
    CHECK(choose_return({"", "//evil.com", "/a", "/b"}, strict()).text() == "/a");
    CHECK(choose_return({"", "https://evil.com/"}, strict()).text() == "/");
    CHECK(choose_return({}, strict()).text() == "/");
  }

  TEST_CASE("OP-03: slash and backslash in any mixture") {
    for (const auto* rd : {"/\\evil.com", "/\\\\evil.com", "\\/evil.com", "\\\\evil.com"}) {
      refused(rd, strict());
    }
  }

  TEST_CASE("OP-04: a control byte, space or DEL anywhere is a refusal by itself") {
    for (int c = 0; c <= 0x7f; c = c == 0x20 ? 0x7f : c + 1) {
      const std::string byte(1, static_cast<char>(c));
      refused("/" + byte + "/evil.com", strict());
      refused("/a" + byte + "b", strict());
      refused("/a?x=" + byte, strict());
      refused("/a" + byte, strict());
      refused(byte + "/a", strict());
      refused("https://a.test/" + byte, strict({"a.test"}));
    }
    for (const auto* rd : {"/%09/evil.com", "/%0a/evil.com", "/%0d\\evil.com", "/%0b/evil.com"}) {
      refused(rd, strict());
      refused(decoded(rd), strict());
    }
  }

  TEST_CASE("OP-05: dot segments and tabs hide no second slash") {
    for (const auto* rd :
         {"/./\\evil.com", "/./../../\\evil.com", "/\t\t/\t/evil.com", "/./evil", "/../evil",
          "/a/../b", "/a/..", "/.", "/..", "/a/.", "/%2e/x", "/%2E%2e/x", "/a/.%2e/b"}) {
      refused(rd, strict());
    }
  }

  TEST_CASE("OP-06: whitelisted domains match on label boundaries") {
    const auto policy = strict({".example.com"});
    for (const auto* rd : {"https://badexample.com/", "https://example.com.evil.test/",
                           "https://example.com./", "http://a.example.com/"}) {
      refused(rd, policy);
    }
    CHECK(is_safe_return("https://a.example.com/", policy));
    CHECK(is_safe_return("https://EXAMPLE.com/x?y#z", policy));
    check_destination("https://EXAMPLE.com/x?y#z", policy);
  }

  TEST_CASE("MA-04, MA-05, MA-07, MA-11: shapes that other products let through") {
    const auto policy = strict({"allowed.example"});
    for (const auto* rd :
         {"///evil.com", "//evil.com", "/\\evil.com", "\\/evil.com",
          "https://allowed.example\\@evil.com/", "https:\\\\evil.com", "http:/evil.com",
          "https:/evil.com", "https:evil.com", "/\thttps://evil.com", "/%09https://evil.com"}) {
      refused(rd, policy);
    }
    CHECK(is_safe_return("https://allowed.example/", policy));
  }

  TEST_CASE("PX-01: another host, a downgrade, another scheme") {
    const auto policy = strict({"app.example.com"});
    for (const auto* rd : {"https://other.test/", "http://app.example.com/", "app:callback",
                           "myapp://app.example.com/", "javascript:alert(1)", "data:text/html,x",
                           "HTTPS://app.example.com/", "ftp://app.example.com/",
                           "/javascript:alert(1)", "/JavaScript:x", "/https://evil.com",
                           "/data:text/html,x", "/vbscript:x", "/file:x", "/ftp:x", "/http:x"}) {
      refused(rd, policy);
    }
  }

  TEST_CASE("PX-26: suffixes, encodings and userinfo on an allowed origin") {
    const auto policy = strict({"good.test"});
    for (const auto* rd : {"https://good.test@evil.com/",
                           "https://good.test:443@evil.com/",
                           "https://good.test%2eevil.com/",
                           "https://good.test%40evil.com/",
                           "https://good.test.evil.com/",
                           "https://good.test:0/",
                           "https://good.test:65536/",
                           "https://good.test:/",
                           "https://good.test:443/",
                           "https://user@good.test/",
                           "https://good.test\xe3\x80\x82"
                           "evil.com/",
                           "https://\xef\xbd\x87ood.test/",
                           "https://good.test/\xc3\xa4",
                           "https://good.test/%zz",
                           "https://good.test/#%",
                           "https://[good.test]/",
                           "https://[::1/",
                           "https://",
                           "https:///good.test",
                           "/a%2fb",
                           "/a%5Cb",
                           "/a%2F..%2Fb",
                           "/a%00b",
                           "/a%0d%0aSet-Cookie:x",
                           "/a%7f",
                           "/a%",
                           "/a%2",
                           "/a%g0"}) {
      refused(rd, policy);
    }
    CHECK(is_safe_return("https://good.test", policy));
    CHECK(is_safe_return("https://good.test?x", policy));
    CHECK(is_safe_return("https://good.test/?%zz", policy));
  }

  TEST_CASE("is_safe_return: ports and IPv6 literals as the whitelist names them") {
    CHECK(is_safe_return("https://a.test:8443/", strict({"a.test:8443"})));
    CHECK(is_safe_return("https://a.test:1/", strict({"a.test:*"})));
    CHECK(is_safe_return("https://[::1]:8080/", strict({"[::1]:8080"})));
    refused("https://a.test:8444/", strict({"a.test:8443"}));
    refused("https://a.test:08443/", strict({"a.test:*"}));
    refused("https://[::1]/", strict({"[::1]:8080"}));
    refused("https://[::g]/", strict({"[::g]"}));
  }

  TEST_CASE("is_safe_return: invisible characters and what looks like a slash") {
    for (const auto* rd :
         {"/\xc2\xa0/evil.com", "/a\xe2\x80\x8b", "/a\xe2\x80\xae", "/a\xef\xbb\xbf",
          "/a\xe3\x80\x80", "/a\xc2\x85", "/a\xe2\x80\xa8", "/a\xe2\x81\xa0",
          "/\xe3\x80\xb1"
          "evil.com",
          "/\xe3\x80\xb5"
          "evil.com",
          "/\xe3\x82\x9d"
          "evil.com",
          "/\xe3\x83\xbc"
          "evil.com",
          "/\xef\xbd\xb0"
          "evil.com"}) {
      refused(rd, strict());
    }
    CHECK(is_safe_return("/a/\xe3\x83\xbc", strict()));  // deeper down it is a letter
  }

  TEST_CASE("is_safe_return: bytes that are not UTF-8") {
    for (const auto* rd :
         {"/\x80", "/\xc0\xaf", "/\xc1\x9c", "/\xe0\x80\xaf", "/\xed\xa0\x80", "/\xf4\x90\x80\x80",
          "/\xf0\x80\x80\xaf", "/a\xc3", "/\xff", "/\xe2\x82", "/a?\xfe"}) {
      refused(rd, strict());
    }
  }

  TEST_CASE("choose_return: a target that is too long once it is ASCII is refused") {
    const auto long_one = [](std::size_t num_letters) {
      std::string target = "/";
      for (std::size_t i = 0; i < num_letters; ++i) target += "\xc3\xa9";
      return target;
    };
    const auto kept = policy::choose_return({long_one(1300)}, strict()).text();
    CHECK(kept.size() == 1 + 6 * 1300);
    CHECK(policy::choose_return({kept}, strict()).text() == kept);
    refused(long_one(1400), strict());
  }

  TEST_CASE("is_safe_return: more than 8 KiB is no return path") {
    CHECK(is_safe_return("/" + std::string(8191, 'a'), strict()));
    refused("/" + std::string(8192, 'a'), strict());
  }

  TEST_CASE("strict_query: in compat the rules for slashes hold in the query as well") {
    for (const auto* rd :
         {"/a?next=https://x.test", "/a?b//c", "/a?b/./c", "/a?b/../c", "/a#b//c"}) {
      CAPTURE(rd);
      CHECK(is_safe_return(rd, strict()));
      refused(rd, compat({}));
    }
    CHECK(is_safe_return("/a?b/c", compat({})));
  }

  TEST_CASE("wished_return: the order of wishes") {
    policy::Policy policy;
    const auto wished = [&](const support::RequestOf& request, std::string_view wish = {}) {
      return policy::wished_return(policy, request.facts(), wish).text();
    };
    const std::vector<HeaderView> header = {{"X-Auth-Request-Redirect", "/header"}};
    const auto start = support::request_to("/oauth2/start?rd=%2Fparam", header);
    CHECK(wished(start, "/wish") == "/wish");
    CHECK(wished(start, "//evil") == "/param");
    CHECK(wished(start) == "/param");
    CHECK(wished(support::request_to("/oauth2/start?rd=%2F%2Fevil", header)) == "/header");
    CHECK(wished(support::request_to("/oauth2/start?rd=/a&rd=/b", header)) == "/header");
    CHECK(wished(support::request_to("/app?x=1", header)) == "/header");
    CHECK(wished(support::request_to("/app?x=1")) == "/app?x=1");
    CHECK(wished(support::request_to("/app?rd=/param")) == "/app?rd=/param");  // not ours to read
    CHECK(wished(support::request_to("/oauth2/sign_out")) == "/");
    CHECK(wished(support::request_to("//evil.com/x")) == "/");
  }

  TEST_CASE("wished_return: behind a trusted proxy the forwarded URL, where it is whitelisted") {
    policy::Policy policy;
    const auto request = support::request_to("/oauth2/auth");
    auto facts = request.facts();
    facts.via_trusted_proxy = true;
    facts.host = "front.example.com";
    facts.path = "/page";
    facts.target = "/page?x=1";
    CHECK(policy::wished_return(policy, facts).text() == "/page?x=1");
    policy.return_to.whitelist_domains = {".example.com"};
    CHECK(policy::wished_return(policy, facts).text() == "https://front.example.com/page?x=1");
    facts.host = request.host;
    CHECK(policy::wished_return(policy, facts).text() == "/page?x=1");
    facts.host = "front.example.com";
    facts.path = facts.target = "/oauth2/sign_out";
    CHECK(policy::wished_return(policy, facts).text() == "https://front.example.com/");
  }

  TEST_CASE("redirects.tsv: nothing was dropped") {
    std::map<std::string, std::pair<int, int>> counts;
    for (const auto& row : rows())
      ++(row.valid ? counts[row.source].first : counts[row.source].second);
    CHECK(counts["corpus"] == std::pair(0, 529));
    CHECK(counts["corpus-raw"] == std::pair(28, 248));
    CHECK(counts["domains"] == std::pair(25, 37));
    CHECK(counts["extra"] == std::pair(56, 96));
    CHECK(counts["validator-test"] == std::pair(24, 32));
    CHECK(counts.size() == 5);
  }

  TEST_CASE("redirects.tsv: the reference's own validator test comes out the same") {
    for (const auto& row : rows()) {
      if (row.source != "validator-test") continue;
      CAPTURE(row.written);
      CHECK(is_safe_return(row.input, compat(row.domains)) == row.valid);
    }
  }

  TEST_CASE(
      "H-15, OP-02: every payload is refused, with all its mutations, whatever is whitelisted") {
    std::size_t tried = 0, honest = 0;
    for (const auto& row : rows()) {
      if (row.source != "corpus" && row.source != "corpus-raw") continue;
      for (const auto& policy : {strict(), strict(row.domains), compat(row.domains)}) {
        const auto once = decoded(row.input), twice = decoded(once);
        for (const auto& text : {row.input, once, twice, with_upper_hex(row.input)}) {
          // A decoded payload may be a whitelisted URL; then it must really lead there.
          if (leads_astray_by_query_alone(row.input, policy)) {
            ++honest;
          } else if (row.source == "corpus-raw" || text == row.input) {
            refused(row.input, policy);
          }
          check_destination(text, policy);
          ++tried;
          for (int c = 0; c < 0x20; ++c) {
            for (std::size_t at = 0; at <= 3 && at <= text.size(); ++at) {
              auto mutated = text;
              mutated.insert(at, 1, static_cast<char>(c));
              refused(mutated, policy);
              ++tried;
            }
          }
          for (const auto* prefix :
               {"https://www.whitelisteddomain.tld@", "https://www.whitelisteddomain.tld.",
                "https://www.whitelisteddomain.tld%2e"}) {
            refused(prefix + text, policy);
            ++tried;
          }
        }
      }
    }
    CHECK(tried > 1'000'000);
    CHECK(honest ==
          7 * 2 * 4);  // seven lines, the two policies with the default's rule, four ways each
  }

  TEST_CASE("redirects.tsv: each difference from the reference, by its rule") {
    std::map<std::string, int> differences;
    for (const auto& row : rows()) {
      const auto policy = compat(row.domains);
      const bool ours = is_safe_return(row.input, policy);
      check_destination(row.input, policy);
      if (ours != row.valid) ++differences[rule_of(row, ours)];
    }
    CHECK(differences == std::map<std::string, int>{{"accepted: letter case of the host", 3},
                                                    {"dot segment at the end", 3},
                                                    {"backslash", 2},
                                                    {"escape of a slash, dot or control byte", 33},
                                                    {"not ASCII, white space or control byte", 16},
                                                    {"userinfo", 6},
                                                    {"port", 4},
                                                    {"host", 8}});
  }
}
