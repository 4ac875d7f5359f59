#include <gatelet/settings.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/options.hpp"
#include "configured.hpp"
#include "data_files.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

std::string refused(std::string_view key) {
  Settings settings;
  const auto done = settings.set(key, "x");
  CHECK(settings.entries().empty() != done.ok());
  return done.ok() ? "accepted" : done.error().text;
}

Status status_of(std::string_view key) {
  Settings settings;
  const auto done = settings.set(key, "x");
  return done.ok() ? Status::ok : done.error().status;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (auto end = text.find(at); end != std::string::npos; end = text.find(at, from)) {
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  parts.push_back(text.substr(from));
  return parts;
}

#ifdef GATELET_HAVE_YAML
constexpr bool has_yaml = true;
#else
constexpr bool has_yaml = false;
#endif

// What is wrong with files that are loaded together, "a.yaml + b.cfg" or "a.yaml + b.cfg (variable
// unset)"; empty when nothing is.
std::string said_of(const std::string& files) {
  constexpr std::string_view unset = " (variable unset)";
  const bool is_set = !files.ends_with(unset);
  std::string said;
  const auto take = [&](const Result<void>& done) {
    if (!done.ok()) said += done.error().text + "\n";
  };
  Settings settings{{"compat", "oauth2-proxy"}};
  std::vector<std::string> variables = {is_set ? "VECTOR_CLIENT_ID=app" : "OTHER=x"};
  auto rest = files.substr(0, files.size() - (is_set ? 0 : unset.size()));
  for (const auto& file : split(rest, '+')) {
    const auto name = file.substr(file.find_first_not_of(' '));
    const auto clean = name.substr(0, name.find(' '));
    if (clean.ends_with(".env")) {
      for (const auto& line : split(read_data("files/" + clean), '\n')) {
        if (!line.empty() && !line.starts_with('#')) variables.push_back(line);
      }
    }
  }
  std::vector<const char*> pointers;
  for (const auto& variable : variables) pointers.push_back(variable.c_str());
  pointers.push_back(nullptr);
  take(settings.load_env(pointers.data()));
  for (const auto& file : split(rest, '+')) {
    const auto name = file.substr(file.find_first_not_of(' '));
    const auto clean = name.substr(0, name.find(' '));
    if (clean.ends_with(".env")) continue;
    take(settings.load(clean.ends_with(".yaml") ? "yaml" : "toml", read_data("files/" + clean)));
  }
  if (!said.empty()) return said;
  for (const auto& text : problems(settings)) said += text + "\n";
  return said;
}

}  // namespace

TEST_SUITE("config/settings") {
  TEST_CASE("set: takes every option of the table") {
    for (const auto& option : config::options()) CHECK(status_of(option.key) == Status::ok);
  }

  TEST_CASE("OP-07: set: an unknown name is an error with the nearest one, and changes nothing") {
    CHECK(refused("email_domain") ==
          "\"email_domain\": there is no option of this name; did you mean email_domains?");
    CHECK(refused("--cookie-secure") ==
          "\"--cookie-secure\": there is no option of this name; did you mean cookie_secure?");
    CHECK(refused("nonsense_nobody_would_write") ==
          "\"nonsense_nobody_would_write\": there is no option of this name");
    CHECK(status_of("email_domain") == Status::unknown_option);
    CHECK(status_of("") == Status::unknown_option);
  }

  TEST_CASE(
      "OP-07: set: a name of the reference that nothing here reads is an error that says so") {
    CHECK(refused("azure_tenant") == "\"azure_tenant\": is not available in this version");
    CHECK(status_of("azure_tenant") == Status::not_built);
    CHECK(status_of("github_org") == Status::not_built);
  }

  TEST_CASE("values: what wins, item by item, or the profile's default") {
    Settings settings;
    CHECK(settings.value("http_address") == "127.0.0.1:4180");
    CHECK(settings.value("skip_provider_button") == "true");
    CHECK(settings.values("upstreams").empty());
    REQUIRE(settings
                .load("toml",
                      "http_address = \":80\"\nupstreams = [\"static://202\", \"a,b\"]\n"
                      "compat = \"oauth2-proxy\"\nmetrics_address = \"\"\n")
                .ok());
    CHECK(settings.value("http_address") == ":80");
    CHECK(settings.values("upstreams") == std::vector<std::string>{"static://202", "a,b"});
    CHECK(settings.value("skip_provider_button") == "false");
    CHECK(settings.values("metrics_address") == std::vector<std::string>{""});
    REQUIRE(settings.set("http_address", "").ok());
    REQUIRE(settings.set("upstreams", "static://200, static://204").ok());
    CHECK(settings.values("http_address") == std::vector<std::string>{""});
    CHECK(settings.values("upstreams") == std::vector<std::string>{"static://200", "static://204"});
  }

  TEST_CASE("values: no secret, and nothing for a name that no option has") {
    Settings settings{{"client_secret", "s"}, {"client_id", "c"}};
    CHECK(settings.value("client_id") == "c");
    CHECK(settings.values("client_secret").empty());
    CHECK(settings.values("client_idd").empty());
    CHECK(settings.value("").empty());
  }

  TEST_CASE("set: providers by id, and default is the flat one") {
    Settings settings;
    CHECK(settings.set("providers.corp.client_id", "a").ok());
    CHECK(settings.set("providers.default.client_id", "b").ok());
    REQUIRE(settings.entries().size() == 2);
    CHECK(settings.entries()[0].key == "providers.corp.client_id");
    CHECK(settings.entries()[1].key == "client_id");
  }

  TEST_CASE("set: odd provider keys are refused") {
    for (const auto key :
         {"providers.", "providers.a", "providers.A.client_id", "providers..client_id",
          "providers.a b.client_id", "providers.-a.client_id", "providers.a/../b.client_id"}) {
      CAPTURE(key);
      CHECK(refused(key).find("the id 1 to 32 of a-z, 0-9 and \"-\"") != std::string::npos);
    }
    CHECK(status_of("providers." + std::string(32, 'a') + ".client_id") == Status::ok);
    CHECK(status_of("providers." + std::string(33, 'a') + ".client_id") == Status::unknown_option);
    CHECK(
        refused("providers.corp.cookie_name") ==
        "\"providers.corp.cookie_name\": this option is one for all providers; write cookie_name");
    CHECK(refused("providers.corp.client_i") ==
          "\"providers.corp.client_i\": there is no option of this name; did you mean "
          "providers.corp.client_id?");
    CHECK(refused("providers.corp.github_org") ==
          "\"providers.corp.github_org\": is not available in this version");
  }

  TEST_CASE("LO-09: set: names of 1 to 64 KiB are refused in one short line") {
    for (const std::size_t size : {1U, 64U, 1024U, 65536U}) {
      const auto said = refused(std::string(size, '\n'));
      CHECK(said.size() < 200);
      CHECK(said.find('\n') == std::string::npos);
    }
  }

  TEST_CASE("set: a later value replaces an earlier one") {
    Settings settings{{"cookie_path", "/a"}};
    CHECK(settings.set("cookie_path", "/b").ok());
    REQUIRE(settings.entries().size() == 1);
    CHECK(settings.entries()[0].values[0].reveal() == "/b");
  }

  TEST_CASE(
      "Settings: unknown names given to the constructor are problems of check, before the others") {
    const Settings settings{{"client_id", "a"}, {"cookie_nam", "x"}, {"routes", "y"}};
    const auto errors = settings.check();
    REQUIRE(errors.size() > 2);
    CHECK(errors[0].status == Status::unknown_option);
    CHECK(errors[0].text ==
          "\"cookie_nam\": there is no option of this name; did you mean cookie_name?");
    CHECK(errors[1].status == Status::not_built);
    CHECK(errors[2].text.starts_with("client_secret: "));
  }

  TEST_CASE("load: another format than toml, json and yaml is refused") {
    Settings settings;
    const auto done = settings.load("ini", "a=b");
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().status == Status::invalid_argument);
  }

#ifdef GATELET_HAVE_TOML
  TEST_CASE("load: the values of a file, which lose against those that were set") {
    Settings settings{{"cookie_path", "/set"}};
    REQUIRE(settings.load("toml", "cookie_path = \"/file\"\ncookie_expire = \"1h\"\n").ok());
    CHECK(members(settings).at("attributes.path") == "/set");
    CHECK(members(settings).at("cookie_expire") == "3600000000000");

    Settings other;
    REQUIRE(other.load("toml", "cookie_path = \"/file\"\n").ok());
    CHECK(members(other).at("attributes.path") == "/file");
    REQUIRE(other.set("cookie_path", "/set").ok());
    CHECK(members(other).at("attributes.path") == "/set");
  }

  TEST_CASE("load: of two files the later one wins") {
    Settings settings;
    REQUIRE(settings.load("toml", "cookie_path = \"/one\"\n").ok());
    REQUIRE(settings.load("toml", "cookie_path = \"/two\"\n").ok());
    CHECK(members(settings).at("attributes.path") == "/two");
  }

  TEST_CASE("load: unknown keys are all named with their lines, and nothing changes") {
    Settings settings;
    const auto done = settings.load(
        "toml", "cookie_path = \"/x\"\nemail_domain = [\"*\"]\n\n[routes]\nmatch = \"canary\"\n");
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().status == Status::unknown_option);
    CHECK(done.error().text ==
          "line 2: \"email_domain\": there is no option of this name; did you mean "
          "email_domains?; line 4: \"routes\": is not available in this version");
    CHECK(settings.entries().empty());
  }

  TEST_CASE("load: further providers stand in tables") {
    Settings settings;
    REQUIRE(settings
                .load("toml",
                      "cookie_secret = \"abcdefghijklmnop\"\n"
                      "[providers.b]\noidc_issuer_url = \"https://b.example\"\nclient_id = \"b\"\n"
                      "client_secret = \"s\"\n"
                      "[providers.a]\noidc_issuer_url = \"https://a.example\"\nclient_id = \"a\"\n"
                      "client_secret = \"s\"\n")
                .ok());
    CHECK(problems(settings).empty());
    const auto resolved = config::resolve(settings);
    REQUIRE(resolved.providers.size() == 2);
    CHECK(resolved.providers[0].provider.id == "b");
    CHECK(resolved.providers[1].provider.id == "a");
  }

  TEST_CASE("load: a value in a file means what the same text means when it is set") {
    struct Case {
      std::string key, toml, text;
    };
    for (const auto& c : std::vector<Case>{
             {"email_domains", "[\"a.example\", \"b.example\"]", "a.example,b.example"},
             {"email_domains", "\"a.example,b.example\"", "a.example,b.example"},
             {"cookie_secure", "false", "false"},
             {"cookie_secure", "\"false\"", "0"},
             {"skip_provider_button", "1", "true"},
             {"cookie_csrf_per_request_limit", "5", "5"},
             {"cookie_expire", "\"90m\"", "1h30m"},
             {"session_limit", "1048576", "1 MiB"}}) {
      CAPTURE(c.key);
      auto from_file = complete();
      REQUIRE(from_file.load("toml", c.key + " = " + c.toml + "\n").ok());
      auto from_json = complete();
      REQUIRE(from_json.load("json", "{\"" + c.key + "\":" + c.toml + "}").ok());
      CHECK(difference(from_json, complete({{c.key, c.text}})) == "");
      CHECK(difference(from_file, complete({{c.key, c.text}})) == "");
    }
  }

  TEST_CASE("load: a list of texts is not written as tables, nor a list of tables as texts") {
    auto groups = complete();
    REQUIRE(groups.load("toml", "[[allowed_groups]]\nname = \"canary\"\n").ok());
    CHECK(problem(groups) ==
          "allowed_groups: holds objects; write items divided by commas, or a list of texts");
    auto rules = complete();
    REQUIRE(rules.load("toml", "inject_request_headers = [\"canary\"]\n").ok());
    CHECK(problem(rules).starts_with("inject_request_headers: is no list of objects"));
  }

  TEST_CASE("load: a structured option means the same from every source") {
    const auto json = R"([{"name":"X-A","values":[{"claimSource":{"claim":"user"}}]}])";
    auto toml = complete(), file = complete(), text = complete();
    REQUIRE(toml.load("toml",
                      "[[inject_request_headers]]\nname = \"X-A\"\n"
                      "[[inject_request_headers.values]]\nclaimSource = {claim = \"user\"}\n")
                .ok());
    REQUIRE(file.load("json", R"({"inject_request_headers":)" + std::string(json) + "}").ok());
    REQUIRE(text.load("toml", "inject_request_headers = '" + std::string(json) + "'\n").ok());
    auto environment = complete();
    const auto variable = "OAUTH2_PROXY_INJECT_REQUEST_HEADERS=" + std::string(json);
    const char* const variables[] = {variable.c_str(), nullptr};
    REQUIRE(environment.load_env(variables).ok());
    const auto set = complete({{"inject_request_headers", json}});
    CHECK(members(set).at("headers.request") == "X-A=user,|");
    for (const auto* other : {&toml, &file, &text, &environment}) {
      CHECK(problem(*other) == "0 problems");
      CHECK(difference(*other, set) == "");
    }
  }

#ifdef GATELET_HAVE_YAML
  TEST_CASE("OP-07: load: what an alpha configuration says, no other file says, in either order") {
    const auto core = "cookie_secret = \"abcdefghijklmnop\"\nclient_id = \"other\"\n";
    const auto alpha =
        "providers: [{id: 'oidc=c', clientID: c, clientSecret: s, oidcConfig: {issuerURL: "
        "'https://i.example'}}]";
    constexpr auto said =
        "client_id: does not go with an alpha configuration, which says this itself; leave it out, "
        "and write it there";
    Settings first, second;
    REQUIRE(first.load("toml", core).ok());
    REQUIRE(first.load("yaml", alpha).ok());
    REQUIRE(second.load("yaml", alpha).ok());
    REQUIRE(second.load("toml", core).ok());
    CHECK(problem(first) == said);
    CHECK(problem(second) == said);
    REQUIRE(second.set("client_id", "mine").ok());
    CHECK(members(second).at("default.client.id") == "mine");
  }
#endif

  // The reference's verdicts on files whose keys this version has, with the profile compat.
  TEST_CASE("options: every option by its key, for a host's own help") {
    const auto all = Settings::options();
    CHECK(all.size() == config::options().size());
    for (const auto& option : all) {
      CAPTURE(option.key);
      CHECK(config::find_option(option.key) != nullptr);
      CHECK_FALSE(option.sentence.empty());
      CHECK_FALSE(option.type.empty());
    }
    const auto find = [&](std::string_view key) {
      return *std::find_if(all.begin(), all.end(), [&](const auto& o) { return o.key == key; });
    };
    CHECK(find("client_secret").is_secret);
    CHECK(find("client_secret").is_of_provider);
    CHECK_FALSE(find("cookie_path").is_of_provider);
    CHECK(find("cookie_path").value == "/");
    CHECK(find("email_domains").type == "list");
    CHECK(find("cookie_expire").type == "duration");
    CHECK(find("session_limit").type == "size");
  }

  TEST_CASE("verdicts.tsv: the reference's verdict, or a difference with its reason") {
    std::size_t num_files = 0;
    for (const auto& line : lines_of("verdicts.tsv")) {
      if (line.empty() || line.starts_with('#')) continue;
      const auto columns = split(line, '\t');
      REQUIRE(columns.size() == 5);
      const auto &name = columns[0], &ours = columns[1], &theirs = columns[3], &why = columns[4];
      CAPTURE(name);
      CHECK((ours == theirs) == (why == "-"));

      if (name.find(".yaml") != std::string::npos && !has_yaml) continue;
      const auto said = said_of(name);
      CAPTURE(said);
      CHECK((ours == "valid") == said.empty());
      for (const auto& piece : split(columns[2], '|')) {
        CHECK(said.find(piece) != std::string::npos);
      }
      ++num_files;
    }
    CHECK(num_files == (has_yaml ? 68 : 57));
  }
#endif
}
