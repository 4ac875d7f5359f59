#include "config/alpha.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "config/options.hpp"
#include "configured.hpp"
#include "data_files.hpp"

using namespace gatelet;
using namespace gatelet::test;
using config::read_alpha;

namespace {

// "key=value key=[a|b|]" of every entry, or the complaints.
std::string read(std::string_view text) {
  const auto tree = json::parse(text);
  REQUIRE(tree.ok());
  const auto alpha = read_alpha(*tree, {}, {});
  std::string out;
  for (const auto& said : alpha.complaints) out += said + "\n";
  if (!out.empty()) return out;
  for (const auto& [entry, place] : alpha.entries) {
    CHECK(entry.is_alpha);
    CHECK(entry.origin == Settings::Origin::file);
    if (entry.is_list && entry.values.empty()) continue;
    out += (out.empty() ? "" : " ") + entry.key + "=" + (entry.is_list ? "[" : "");
    for (const auto& value : entry.values) {
      out += std::string(value.reveal()) + (entry.is_list ? "|" : "");
    }
    out += entry.is_list ? "]" : "";
  }
  return out;
}

// One provider of the id "p" with these fields.
std::string with(std::string_view fields) {
  return read(R"({"providers":[{"id":"p")" + std::string(fields.empty() ? "" : ",") +
              std::string(fields) + "}]}");
}

#if defined(GATELET_HAVE_YAML) && defined(GATELET_HAVE_TOML)
// The lines of a flat file that this version knows: those the alpha configuration takes over, and
// the others.
struct Flat {
  std::string replaced, kept;
};

Flat flat_of(const std::string& name) {
  constexpr std::string_view headers[] = {
      "pass_user_headers",       "pass_access_token",        "pass_authorization_header",
      "pass_basic_auth",         "set_authorization_header", "set_xauthrequest",
      "set_basic_auth",          "basic_auth_password",      "prefer_email_to_user",
      "skip_auth_strip_headers", "allowed_groups",           "http_address"};
  Flat out;
  for (const auto& line : lines_of("files/flat/" + name + ".cfg")) {
    const auto key = line.substr(0, line.find(' '));
    const auto* option = config::find_option(key);
    if (option == nullptr) continue;
    const bool is_replaced =
        option->scope == config::Scope::provider || option->scope == config::Scope::upstream ||
        std::find(std::begin(headers), std::end(headers), key) != std::end(headers);
    (is_replaced ? out.replaced : out.kept) += line + "\n";
  }
  return out;
}

std::set<std::string> sorted_rules(const Settings& settings) {
  std::istringstream text(members(settings).at("headers.request"));
  std::set<std::string> out;
  for (std::string rule; std::getline(text, rule, '|');) out.insert(rule);
  return out;
}

Settings loaded(std::string_view toml, std::string_view yaml = {}) {
  Settings settings{{"compat", "oauth2-proxy"}};
  REQUIRE(settings.load("toml", toml).ok());
  const char* const variables[] = {nullptr};
  REQUIRE(settings.load_env(variables).ok());
  if (yaml.empty()) return settings;
  const auto done = settings.load("yaml", yaml);
  if (!done.ok()) FAIL(done.error().text);
  return settings;
}
#endif

}  // namespace

TEST_SUITE("config/alpha") {
  TEST_CASE("read_alpha: every field of a provider, under the option's name") {
    CHECK(with(R"("provider":"oidc","name":"N","clientID":"c","clientSecret":"s",)"
               R"("clientSecretFile":"f","caFiles":["a","b"],"useSystemTrustStore":"true",)"
               R"("loginURL":"l","authRequestResponseMode":"query","redeemURL":"r",)"
               R"("profileURL":"u","skipClaimsFromProfileURL":"true","resource":"x",)"
               R"("validateURL":"v","scope":"openid","code_challenge_method":"S256",)"
               R"("additionalClaims":["d"])") ==
          "providers.p.provider=oidc providers.p.provider_display_name=N providers.p.client_id=c "
          "providers.p.client_secret=s providers.p.client_secret_file=f "
          "providers.p.provider_ca_files=[a|b|] providers.p.use_system_trust_store=true "
          "providers.p.login_url=l providers.p.auth_request_response_mode=query "
          "providers.p.redeem_url=r providers.p.profile_url=u "
          "providers.p.skip_claims_from_profile_url=true providers.p.resource=x "
          "providers.p.validate_url=v providers.p.scope=openid "
          "providers.p.code_challenge_method=S256 providers.p.additional_claims=[d|]");
    CHECK(with(R"("oidcConfig":{"issuerURL":"i","insecureAllowUnverifiedEmail":"false",)"
               R"("insecureSkipIssuerVerification":"true","insecureSkipNonce":"true",)"
               R"("skipDiscovery":"true","jwksURL":"j","publicKeyFiles":["k"],"emailClaim":"e",)"
               R"("groupsClaim":"g","userIDClaim":"u","audienceClaims":["aud"],)"
               R"("extraAudiences":["x"],"enabledSigningAlgs":["RS256"]})") ==
          "providers.p.oidc_issuer_url=i providers.p.insecure_oidc_allow_unverified_email=false "
          "providers.p.insecure_oidc_skip_issuer_verification=true "
          "providers.p.insecure_oidc_skip_nonce=true providers.p.skip_oidc_discovery=true "
          "providers.p.oidc_jwks_url=j providers.p.oidc_public_key_files=[k|] "
          "providers.p.oidc_email_claim=e providers.p.oidc_groups_claim=g "
          "providers.p.user_id_claim=u providers.p.oidc_audience_claims=[aud|] "
          "providers.p.oidc_extra_audiences=[x|] providers.p.oidc_enabled_signing_algs=[RS256|]");
  }

  TEST_CASE("read_alpha: fields of other provider types keep their names, and their places") {
    const auto tree =
        json::parse(R"({"providers":[{"id":"p","githubConfig":{"org":"o","users":["a"]},)"
                    R"("azureConfig":{"tenant":"t"},"keycloakConfig":{"roles":["r"]}}]})");
    const auto alpha = read_alpha(*tree, {}, {});
    CHECK(alpha.complaints.empty());
    std::string out;
    for (const auto& [entry, place] : alpha.entries) {
      if (!entry.values.empty()) out += entry.key + " at " + place + "\n";
    }
    CHECK(out ==
          "providers.p.azure_tenant at providers[0].azureConfig.tenant\n"
          "providers.p.github_org at providers[0].githubConfig.org\n"
          "providers.p.github_users at providers[0].githubConfig.users\n"
          "allowed_roles at providers[0].keycloakConfig.roles\n");
  }

  TEST_CASE("read_alpha: what the reference writes where nobody set anything asks for nothing") {
    CHECK(with(R"("azureConfig":{"tenant":"common"},"microsoftEntraIDConfig":{)"
               R"("federatedTokenAuth":"false"},"ADFSConfig":{"skipScope":"false"},)"
               R"("googleConfig":{"useApplicationDefaultCredentials":"false",)"
               R"("useOrganizationID":"false"},"backendLogoutURL":"","caFiles":[],"scope":null)") ==
          "");
    CHECK(with(R"("ADFSConfig":{"skipScope":"true"})") ==
          "providers[0].ADFSConfig.skipScope: is not available in this version\n");
  }

  TEST_CASE("read_alpha: ids") {
    const auto ids = [](std::string_view first, std::string_view second) {
      return read(R"({"providers":[{"id":")" + std::string(first) + R"(","clientID":"c"},{"id":")" +
                  std::string(second) + R"(","clientID":"d"}]})");
    };
    CHECK(ids("a", "b") == "providers.a.client_id=c providers.b.client_id=d");
    CHECK(ids("default", "b") == "client_id=c providers.b.client_id=d");
    CHECK(ids("a", "a") == "providers[1].id: \"a\" stands twice; write another\n");
    CHECK(ids("a", "").starts_with("providers[1].id: missing"));
    CHECK(ids("oidc=c", "b").starts_with("providers[0].id: \"oidc=c\" cannot be an id beside"));
    CHECK(read(R"({"providers":[{"id":"oidc=c","clientID":"c"}]})") == "client_id=c");
    CHECK(read("{}") == "providers: missing; write at least one provider\n");
    CHECK(read("null").starts_with("providers: missing"));
    CHECK(read(R"(["canary"])").starts_with("this: expected an object with fields"));
  }

  TEST_CASE("read_alpha: what is one option for all providers must be the same in each") {
    const auto two = [](std::string_view a, std::string_view b) {
      return read(R"({"providers":[{"id":"a","allowedGroups":)" + std::string(a) +
                  R"(},{"id":"b","allowedGroups":)" + std::string(b) + "}]}");
    };
    CHECK(two(R"(["x"])", R"(["x"])") == "allowed_groups=[x|]");
    CHECK(two("[]", "null") == "");
    CHECK(two(R"(["x"])", "[]").starts_with("providers[1].allowedGroups: differs"));
    CHECK(two("[]", R"(["x"])").starts_with("providers[1].allowedGroups: differs"));
  }

  TEST_CASE("read_alpha: header rules and login parameters stay objects") {
    CHECK(read(R"({"injectRequestHeaders":[{"name":"X"}],"injectResponseHeaders":[{"name":"Y"}],)"
               R"("providers":[{"id":"p","loginURLParameters":[{"name":"prompt"}]}]})") ==
          R"(providers.p.login_url_parameters=[{"name":"prompt"}|] )"
          R"(inject_request_headers=[{"name":"X"}|] inject_response_headers=[{"name":"Y"}|])");
    CHECK(read(R"({"injectRequestHeaders":["canary"],"providers":[{"id":"p"}]})") ==
          "injectRequestHeaders[0]: expected an object with fields\n");
  }

  TEST_CASE("LO-08: read_alpha: all that is wrong at once, each by its place") {
    CHECK(read(R"({"providers":[{"id":"p","clientScret":"canary","clientID":["canary"],)"
               R"("oidcConfig":{"issuerURI":"canary"},"caFiles":"canary"}],"servr":{}})") ==
          "providers[0].clientID: expected a text\n"
          "providers[0].caFiles: expected a list\n"
          "providers[0].oidcConfig.\"issuerURI\": there is no field of this name; did you mean "
          "issuerURL?\n"
          "providers[0].\"clientScret\": there is no field of this name; did you mean "
          "clientSecret?\n"
          "\"servr\": there is no field of this name; did you mean server?\n");
  }

#if defined(GATELET_HAVE_YAML) && defined(GATELET_HAVE_TOML)
  TEST_CASE("F-144: a converted file comes to the same settings as the flat one") {
    for (const std::string name : {"oidc-generic", "headers-legacy", "nginx-auth-request"}) {
      CAPTURE(name);
      const auto flat = flat_of(name);
      const auto original = loaded(flat.replaced + flat.kept);
      const auto converted = loaded(flat.kept, read_data("files/converted/" + name + ".yaml"));
      CHECK(problem(original) == "0 problems");
      CHECK(problem(converted) == "0 problems");
      // By their order only; prefer_email_to_user is no option of an alpha configuration.
      CHECK(difference(original, converted) == (name == "headers-legacy"
                                                    ? "headers.request password.email_is_user"
                                                    : "headers.request"));
      CHECK(sorted_rules(original) == sorted_rules(converted));
    }
  }

  TEST_CASE("F-144: converted files of other provider types say what is not here yet") {
    for (const std::string name : {"azure-legacy", "entra-id", "github-org", "google-groups"}) {
      CAPTURE(name);
      Settings settings{{"compat", "oauth2-proxy"}};
      const auto done = settings.load("yaml", read_data("files/converted/" + name + ".yaml"));
      REQUIRE_FALSE(done.ok());
      CHECK(done.error().status == Status::not_built);
      CHECK(done.error().text.find("is not available in this version") != std::string::npos);
      CHECK(settings.entries().size() == 1);
    }
  }

  TEST_CASE("F-044: alpha-headers.yaml with a provider that is here") {
    auto text = read_data("files/alpha-headers.yaml");
    const auto begin = text.find("provider: github"), org = text.find("    githubConfig:");
    const auto server = text.find("server:");
    text = text.substr(0, org) + "    oidcConfig:\n      issuerURL: https://login.example.com\n" +
           text.substr(server);
    text.replace(begin, 16, "provider: oidc");
    const auto settings = loaded(read_data("files/alpha-core.cfg"), text);
    CHECK(problem(settings) == "0 problems");
    const auto all = members(settings);
    CHECK(all.at("headers.request") ==
          "X-Api-Key='czNjcmV0',|X-From-File='',|Authorization=user:cGFzc3dvcmQ=,|"
          "X-Dept (exact)=dept:department,groups,|");
    CHECK(all.at("headers.response") == "");
    CHECK(all.at("header_files") == "files/client-secret|");
  }

  TEST_CASE("alpha-oidc.yaml: what comes of it") {
    const auto settings =
        loaded(read_data("files/alpha-core.cfg"), read_data("files/alpha-oidc.yaml"));
    CHECK(problem(settings) == "0 problems");
    const auto all = members(settings);
    CHECK(all.at("main.display_name") == "Company login");
    CHECK(all.at("main.claims.additional") == "department|");
    CHECK(all.at("main.login_params") == "prompt=login|");
    CHECK(all.at("login_params") == "main:login_hint~|");
    CHECK(all.at("allowed_groups") == "staff|");
    CHECK(all.at("headers.request") ==
          "X-Forwarded-User=user,|X-Forwarded-Groups=groups,|Authorization=Bearer id_token,|");
    CHECK(all.at("headers.response") == "X-Auth-Request-Email=email,|");
    CHECK(settings.value("http_address") == "127.0.0.1:4180");
    CHECK(settings.value("metrics_address") == "127.0.0.1:9100");
    CHECK(settings.values("upstreams") ==
          std::vector<std::string>{"http://127.0.0.1:8080/", "http://127.0.0.1:8081"});
  }

  TEST_CASE("alpha: nothing is sent that the file does not list, in either profile") {
    const auto text =
        "providers: [{id: p, clientID: c, clientSecret: s, oidcConfig: {issuerURL: "
        "'https://i.example'}}]";
    Settings settings{{"cookie_secret", "abcdefghijklmnop"}};
    REQUIRE(settings.load("yaml", text).ok());
    CHECK(problem(settings) == "0 problems");
    CHECK(members(settings).at("headers.request") == "");
    Settings compat{{"cookie_secret", "abcdefghijklmnop"},
                    {"compat", "oauth2-proxy"},
                    {"email_domains", "*"},
                    {"providers.p.provider", "oidc"}};
    REQUIRE(compat.load("yaml", text).ok());
    CHECK(problem(compat) == "0 problems");
    CHECK(members(compat).at("headers.request") == "");
    CHECK(members(compat).at("p.login_params") == "");
  }

  TEST_CASE("MA-30: alpha: a name that came from a variable is not shown") {
    Settings settings;
    const char* const variables[] = {"SECRET=x\ncanary: y", "RULE=x\n  canary: y", nullptr};
    REQUIRE(settings.load_env(variables).ok());
    const auto done = settings.load(
        "yaml", "providers: [{id: a}]\nserver: {bindAddress: ${SECRET}}\nshown: ${SECRET}\n");
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().text.find("canary") == std::string::npos);
    const auto top = settings.load("yaml", "providers: [{id: a}]\nshown: ${SECRET}\n");
    REQUIRE_FALSE(top.ok());
    CHECK(top.error().text ==
          "\"shown\": there is no field of this name; a name that comes from a variable (not "
          "shown): there is no field of this name");
    const auto rules =
        settings.load("yaml", "providers: [{id: a}]\ninjectRequestHeaders:\n- name: ${RULE}\n");
    REQUIRE_FALSE(rules.ok());
    CHECK(rules.error().text.find("injectRequestHeaders[0]: a name that comes from a variable") ==
          0);
    CHECK(rules.error().text.find("canary") == std::string::npos);

    const char* const whole[] = {"RULES=[{name: X-A, values: [{claimSource: {claim: user}}]}]",
                                 nullptr};
    REQUIRE(settings.load_env(whole).ok());
    CHECK(settings.load("yaml", "providers: [{id: a}]\ninjectRequestHeaders: ${RULES}\n").ok());
  }

  TEST_CASE("alpha: a second one takes the place of the first, whole") {
    Settings settings;
    REQUIRE(
        settings.load("yaml", "providers: [{id: a, clientID: x}]\nserver: {bindAddress: h}").ok());
    REQUIRE(settings.load("yaml", "providers: [{id: b, clientID: y}]").ok());
    for (const auto& entry : settings.entries()) CHECK(entry.key.find("providers.a.") != 0);
    CHECK(settings.value("http_address") == "127.0.0.1:4180");  // the default again
    REQUIRE_FALSE(settings.load("yaml", "providers: []").ok());
    CHECK_FALSE(settings.entries().empty());
  }
#endif
}
