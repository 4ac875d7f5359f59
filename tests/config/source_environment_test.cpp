#include "config/source_environment.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

struct Environment {
  std::vector<const char*> variables;
  Environment(std::initializer_list<const char*> list) : variables(list) {
    variables.push_back(nullptr);
  }
  operator const char* const*() const { return variables.data(); }
};

Settings with_environment(const Environment& environment) {
  auto settings = complete();
  REQUIRE(settings.load_env(environment).ok());
  return settings;
}

std::string refusal(const Environment& environment) {
  Settings settings;
  const auto done = settings.load_env(environment);
  CHECK(settings.entries().empty());
  return done.ok() ? "" : done.error().text;
}

}  // namespace

TEST_SUITE("config/source_environment") {
  TEST_CASE("load_env: GATELET_ and OAUTH2_PROXY_ with an option's name set that option") {
    const auto expected =
        complete({{"cookie_path", "/app"}, {"email_domains", "a.example,b.example"}});
    CHECK(difference(with_environment({"PATH=/bin", "GATELET_COOKIE_PATH=/app",
                                       "OAUTH2_PROXY_EMAIL_DOMAINS=a.example,b.example"}),
                     expected) == "");
  }

  TEST_CASE("load_env: calls win over the environment, the environment over files, in any order") {
    const auto call = complete({{"cookie_path", "/call"}});
    auto settings = complete();
    REQUIRE(settings.set("cookie_path", "/call").ok());
    REQUIRE(settings.load_env(Environment{"GATELET_COOKIE_PATH=/environment"}).ok());
    REQUIRE(settings.load("toml", "cookie_path = '/file'").ok());
    CHECK(difference(settings, call) == "");

    const auto environment = complete({{"cookie_path", "/environment"}});
    for (const bool file_first : {true, false}) {
      auto two = complete();
      if (file_first) REQUIRE(two.load("toml", "cookie_path = '/file'").ok());
      REQUIRE(two.load_env(Environment{"GATELET_COOKIE_PATH=/environment"}).ok());
      if (!file_first) REQUIRE(two.load("toml", "cookie_path = '/file'").ok());
      CHECK(difference(two, environment) == "");
    }
  }

  TEST_CASE(
      "load_env: our prefix wins over the reference's; a variable without a value says nothing") {
    const auto expected = complete({{"cookie_path", "/ours"}});
    CHECK(difference(
              with_environment({"OAUTH2_PROXY_COOKIE_PATH=/theirs", "GATELET_COOKIE_PATH=/ours"}),
              expected) == "");
    CHECK(difference(
              with_environment({"GATELET_COOKIE_PATH=/ours", "OAUTH2_PROXY_COOKIE_PATH=/theirs"}),
              expected) == "");
    CHECK(
        difference(with_environment({"GATELET_COOKIE_PATH=", "GATELET_COOKIE_PATH", "GATELET_=x"}),
                   complete()) == "");
  }

  TEST_CASE("load_env: a secret stands in a file when _FILE names it") {
    const auto settings = with_environment({"GATELET_CLIENT_SECRET_FILE=/run/secrets/client"});
    CHECK(difference(settings, complete({{"client_secret_file", "/run/secrets/client"}})) == "");
  }

  TEST_CASE(
      "load_env: a name that no option has is refused with the nearest one, all at once, no value "
      "shown") {
    const auto text = refusal({"GATELET_CLIENT_IDD=canary", "OAUTH2_PROXY_ALLOWED_GROUP=canary",
                               "GATELET_COOKIE_PATH=/app"});
    CHECK(text.find("\"GATELET_CLIENT_IDD\": ") != std::string::npos);
    CHECK(text.find("did you mean client_id?") != std::string::npos);
    CHECK(text.find("\"OAUTH2_PROXY_ALLOWED_GROUP\": ") != std::string::npos);
    CHECK(text.find("did you mean allowed_groups?") != std::string::npos);
    CHECK(text.find("canary") == std::string::npos);
  }

  TEST_CASE("load_env: an option of another version is refused with the reason") {
    Settings settings;
    const auto done = settings.load_env(Environment{"OAUTH2_PROXY_GITHUB_ORG=example"});
    REQUIRE(!done.ok());
    CHECK(done.error().status == Status::not_built);
  }

  TEST_CASE(
      "load_env: what Kubernetes sets for services of our name is passed over, what looks alike is "
      "not") {
    CHECK(
        difference(
            with_environment(
                {"OAUTH2_PROXY_SERVICE_HOST=10.0.0.1", "OAUTH2_PROXY_SERVICE_PORT=80",
                 "OAUTH2_PROXY_SERVICE_PORT_HTTP=80", "OAUTH2_PROXY_PORT=tcp://10.0.0.1:80",
                 "OAUTH2_PROXY_PORT_80_TCP=tcp://10.0.0.1:80", "OAUTH2_PROXY_PORT_80_TCP_PROTO=tcp",
                 "OAUTH2_PROXY_PORT_80_TCP_PORT=80", "OAUTH2_PROXY_PORT_80_TCP_ADDR=10.0.0.1",
                 "GATELET_DEMO_SERVICE_HOST=10.0.0.1", "GATELET_DEMO_PORT_53_UDP_ADDR=10.0.0.1",
                 "GATELET_DEMO_PORT=udp://10.0.0.1:53"}),
            complete()) == "");
    for (const auto* variable : {"GATELET_PORT=80", "GATELET_SERVICE_HOSTS=x", "GATELET_PORT_TCP=x",
                                 "GATELET_PORT_80=x", "GATELET_REPORT_80_TCP=x",
                                 "GATELET_MYSERVICE_HOST=x", "GATELET_MYSERVICE_PORT_HTTP=80"}) {
      CAPTURE(variable);
      CHECK(refusal({variable}) != "");
    }
  }

  TEST_CASE("load_env: a null pointer is refused") {
    Settings settings;
    const auto done = settings.load_env(nullptr);
    REQUIRE(!done.ok());
    CHECK(done.error().status == Status::invalid_argument);
  }
}
