#include "engine/assemble.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include <algorithm>
#include "crypto/random.hpp"
#include "policy/page_templates.hpp"
#include "support/certificates.hpp"
#include "support/host_memory.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// Files that stand in memory.
class MemoryFiles final : public Files {
 public:
  Result<std::string> read(std::string_view path, std::size_t max_size) override {
    ++num_reads;
    const auto found = content.find(std::string(path));
    if (found == content.end()) return Error{Status::unreadable_file, "no such file"};
    if (found->second.size() > max_size) return Error{Status::unreadable_file, "it is too large"};
    return found->second;
  }

  std::map<std::string, std::string> content;
  std::string stamp(std::string_view path) override { return stamps[std::string(path)]; }

  std::map<std::string, std::string> stamps;
  int num_reads = 0;
};

struct World {
  World() { ports.files = files, ports.entropy = crypto::system_entropy(); }

  std::shared_ptr<MemoryFiles> files = std::make_shared<MemoryFiles>();
  Ports ports;
};

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

Settings settings_with(const Pairs& more) {
  Settings settings{{"oidc_issuer_url", "https://idp.example"},
                    {"client_id", "app"},
                    {"client_secret", "s3cret-canary"},
                    {"cookie_secret", "abcdefghijklmnop"}};
  for (const auto& [key, value] : more) REQUIRE(settings.set(key, value).ok());
  return settings;
}

Assembled must_assemble(const World& world, const Pairs& more) {
  auto assembled = assemble(settings_with(more), world.ports, 1);
  if (!assembled.ok()) FAIL(assembled.error().text);
  return std::move(assembled).value();
}

std::string refusal(const World& world, const Pairs& more) {
  const auto assembled = assemble(settings_with(more), world.ports, 1);
  if (assembled.ok()) return "assembled";
  CHECK(assembled.error().status == Status::invalid_configuration);
  return assembled.error().text;
}

const oidc::Provider& provider_of(const Assembled& assembled) {
  return *assembled.snapshot->providers.at(0)->provider;
}

constexpr std::string_view padded_secret = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

const Pairs by_hand{{"skip_oidc_discovery", "true"},
                    {"login_url", "https://idp.example/authorize"},
                    {"redeem_url", "https://idp.example/token"}};

Pairs and_more(Pairs first, const Pairs& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

TEST_SUITE("engine/assemble") {
  TEST_CASE("assemble: complete settings make a first snapshot, and no file is read") {
    const World world;
    const auto assembled = must_assemble(world, {});
    const auto& snapshot = *assembled.snapshot;
    CHECK(snapshot.generation == 1);
    REQUIRE(snapshot.providers.size() == 1);
    CHECK(snapshot.configured.at(0) == snapshot.providers[0]->provider);
    CHECK(snapshot.context->cookie_keys != nullptr);
    CHECK(snapshot.context->entropy == world.ports.entropy);
    CHECK_FALSE(snapshot.context->several_providers);
    CHECK_FALSE(snapshot.providers[0]->has_metadata);
    CHECK_FALSE(snapshot.providers[0]->has_keys);
    CHECK(provider_of(assembled).trust != nullptr);
    CHECK(assembled.session_cache_size == 64U * 1024 * 1024);
    CHECK(assembled.warnings.empty());
    CHECK(world.files->num_reads == 0);
  }

  TEST_CASE("assemble: limits of the driver come from the settings") {
    const auto driver = must_assemble({}, {{"driver", "caller"},
                                           {"max_operations", "7"},
                                           {"http_timeout", "2s"},
                                           {"http_connections", "3"}})
                            .driver;
    CHECK_FALSE(driver.own_thread);
    CHECK(driver.max_operations == 7);
    CHECK(driver.http_timeout == 2s);
    CHECK(driver.operation_timeout == 6s);
    CHECK(driver.http_connections == 3);
    CHECK(must_assemble({}, {}).driver.operation_timeout == 30s);
  }

  TEST_CASE("assemble: all problems, one a line, those of files among them, in the table's order") {
    const World world;
    CHECK(refusal(world, {{"client_secret", ""},
                          {"client_secret_file", "absent"},
                          {"cookie_samesite", "Lax"},
                          {"client_id", ""}}) ==
          "client_id: missing; write the client id the provider gave this application\n"
          "client_secret_file: \"absent\" cannot be read: no such file\n"
          "cookie_samesite: \"Lax\" is unknown; write \"lax\", \"strict\" or \"none\"");
  }

  TEST_CASE("assemble: names the constructor did not know are problems too") {
    const World world;
    const Settings settings{{"cookie_nam", "x"}};
    const auto assembled = assemble(settings, world.ports, 1);
    REQUIRE_FALSE(assembled.ok());
    CHECK(assembled.error().text.starts_with("\"cookie_nam\": there is no option of this name"));
  }

  TEST_CASE("client_secret_file: its content without one line end") {
    for (const auto& [content, secret] : std::map<std::string, std::string>{
             {"s", "s"}, {"s\n", "s"}, {"s\r\n", "s"}, {"s\n\n", "s\n"}, {" s ", " s "}}) {
      World world;
      world.files->content["secret"] = content;
      const auto assembled =
          must_assemble(world, {{"client_secret", ""}, {"client_secret_file", "secret"}});
      CHECK(provider_of(assembled).client.secret.reveal() == secret);
    }
  }

  TEST_CASE("F-044: texts and passwords of header rules come from files, without one line end") {
    World world;
    world.files->content["key"] = "a b\r\n";
    world.files->content["password"] = "pw\n\n";
    const auto assembled = must_assemble(
        world, {{"inject_request_headers",
                 R"([{"name":"X-A","values":[{"secretSource":{"fromFile":"key"}}]}])"},
                {"inject_response_headers",
                 R"([{"name":"X-B","values":[{"secretSource":{"value":"x"}},{"claimSource":)"
                 R"({"claim":"user","basicAuthPassword":{"fromFile":"password"}}}]}])"}});
    const auto& rules = assembled.snapshot->context->policy.headers.rules;
    REQUIRE(rules.request.size() == 1);
    REQUIRE(rules.response.size() == 1);
    CHECK(rules.request[0].values[0].text->reveal() == "a b");
    CHECK(rules.response[0].values[0].text->reveal() == "x");
    CHECK(rules.response[0].values[1].password->reveal() == "pw\n");
  }

  TEST_CASE("F-044: a file of a header rule that is missing, empty or no header's is a problem") {
    World world;
    world.files->content["empty"] = "\n";
    world.files->content["two"] = "canary\ncanary";
    const auto refused = [&](std::string_view file) {
      return refusal(world, {{"inject_response_headers",
                              R"([{"name":"X-A","values":[{"secretSource":{"fromFile":")" +
                                  std::string(file) + R"("}}]}])"}});
    };
    CHECK(refused("missing") ==
          "inject_response_headers: \"missing\" cannot be read: no such file");
    CHECK(refused("empty") == "inject_response_headers: \"empty\" is empty");
    CHECK(refused("two") ==
          "inject_response_headers: \"two\" has a control character, which no header can carry; "
          "leave it out");
  }

  TEST_CASE("client_secret_file: an empty or overlong one is a problem") {
    World world;
    world.files->content = {{"empty", "\n"}, {"long", std::string(64 * 1024 + 1, 'x')}};
    CHECK(refusal(world, {{"client_secret", ""}, {"client_secret_file", "empty"}}) ==
          "client_secret_file: \"empty\" is empty");
    CHECK(refusal(world, {{"client_secret", ""}, {"client_secret_file", "long"}}) ==
          "client_secret_file: \"long\" cannot be read: it is too large");
  }

  TEST_CASE("cookie_secret_file: byte for byte, so that a line end after padding is refused") {
    World world;
    world.files->content = {{"padded", std::string(padded_secret)},
                            {"line", std::string(padded_secret) + "\n"},
                            {"plain-line", std::string(padded_secret.substr(0, 43)) + "\n"}};
    const Pairs none{{"cookie_secret", ""}};
    CHECK(must_assemble(world, and_more(none, {{"cookie_secret_file", "padded"}}))
              .snapshot->context->cookie_keys);
    CHECK(must_assemble(world, and_more(none, {{"cookie_secret_file", "plain-line"}}))
              .snapshot->context->cookie_keys);
    CHECK(refusal(world, and_more(none, {{"cookie_secret_file", "line"}})) ==
          "cookie_secret_file: \"line\" holds 45 bytes; write 16, 24 or 32, or base64url of as "
          "many, without a line end");
    CHECK(refusal(world, and_more(none, {{"cookie_secret_file", "absent"}})) ==
          "cookie_secret_file: \"absent\" cannot be read: no such file");
  }

  TEST_CASE("cookie_secret_file: is not read where cookie_secret is set") {
    const World world;
    CHECK(must_assemble(world, {{"cookie_secret_file", "absent"}}).snapshot->context->cookie_keys);
    CHECK(world.files->num_reads == 0);
  }

  TEST_CASE("provider_ca_files: joined; a file without a certificate is a problem") {
    World world;
    world.files->content = {{"a", "-----BEGIN CERTIFICATE-----\nA"},
                            {"b", "-----BEGIN CERTIFICATE-----\nB\n"},
                            {"text", "canary"}};
    const auto trust = provider_of(must_assemble(world, {{"provider_ca_files", "a,b"}})).trust;
    CHECK(trust->ca_pem == "-----BEGIN CERTIFICATE-----\nA\n-----BEGIN CERTIFICATE-----\nB\n");
    CHECK_FALSE(trust->use_system_store);
    CHECK(refusal(world, {{"provider_ca_files", "a,text,absent"}}) ==
          "provider_ca_files: \"text\" holds no certificate; write a PEM file\n"
          "provider_ca_files: \"absent\" cannot be read: no such file");
  }

  TEST_CASE("redis_client_certificate_path, redis_client_key_path: read, and judged together") {
    const auto client = support::self_signed({});
    World world;
    world.files->content = {{"c.pem", client.pem()},
                            {"c.key", client.key_pem()},
                            {"other.key", support::self_signed({}).key_pem()},
                            {"text", "canary"}};
    const auto with = [](std::string_view certificate, std::string_view key) {
      return Pairs{{"session_store_type", "redis"},
                   {"redis_connection_url", "rediss://redis.example"},
                   {"redis_client_certificate_path", certificate},
                   {"redis_client_key_path", key}};
    };
    const auto good = assemble(settings_with(with("c.pem", "c.key")), world.ports, 1);
    if (good.ok()) {
      CHECK(good->driver.store.redis.client != nullptr);
    } else {  // a build without Redis says that first, and the same of the files
      CHECK(good.error().text.find("redis_client") == std::string::npos);
    }
    const auto refused_with = [&](std::string_view certificate, std::string_view key,
                                  std::string_view why) {
      return refusal(world, with(certificate, key)).ends_with(why);
    };
    CHECK(refused_with(
        "text", "c.key",
        "redis_client_certificate_path: \"text\" holds no certificates in PEM, or a broken one"));
    CHECK(refused_with(
        "c.pem", "text",
        "redis_client_key_path: \"text\" holds no private key in PEM, or a broken one"));
    CHECK(refused_with(
        "c.pem", "other.key",
        "redis_client_key_path: \"other.key\" holds another key than that of the certificate"));
    CHECK(refused_with("absent", "gone",
                       "redis_client_certificate_path: \"absent\" cannot be read: no such file\n"
                       "redis_client_key_path: \"gone\" cannot be read: no such file"));
  }

#ifdef GATELET_HAVE_REDIS
  TEST_CASE("redis_ca_path: TLS to Redis is prepared before anybody decides, and judged") {
    World world;
    world.files->content = {{"ca.pem", support::self_signed({}).pem()},
                            {"text", "canary"},
                            {"broken",
                             "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n"
                             "-----END CERTIFICATE-----\n"}};
    const auto with = [](std::string_view ca) {
      return Pairs{{"session_store_type", "redis"},
                   {"redis_connection_url", "rediss://redis.example"},
                   {"redis_ca_path", ca}};
    };
    CHECK(must_assemble(world, with("ca.pem")).driver.store.redis.tls != nullptr);
    CHECK(must_assemble(world, {{"session_store_type", "redis"},
                                {"redis_connection_url", "redis://redis.example"}})
              .driver.store.redis.tls == nullptr);
    CHECK(refusal(world, with("broken")) ==
          "redis_ca_path: holds no certificates in PEM, or a broken one");
    CHECK(refusal(world, with("text")) ==
          "redis_ca_path: \"text\" holds no certificate; write a PEM file");
    // A reload with the same files changes nothing, though it prepares it anew.
    CHECK(must_assemble(world, with("ca.pem")).driver ==
          must_assemble(world, with("ca.pem")).driver);
  }
#endif

  TEST_CASE("F-131: custom_templates_dir: either file or both; what cannot be used is a problem") {
    World world;
    const Pairs dir{{"custom_templates_dir", "t"}};
    CHECK(refusal(world, dir) ==
          "custom_templates_dir: \"t\" holds neither sign_in.html nor error.html");
    world.files->content["t/error.html"] = "{{.Title}}";
    const auto one = must_assemble(world, dir);
    REQUIRE(one.snapshot->context->policy.pages.templates != nullptr);
    CHECK(one.snapshot->context->policy.pages.templates->error() != nullptr);
    CHECK(one.snapshot->context->policy.pages.templates->sign_in() == nullptr);
    world.files->content["t/sign_in.html"] = "{{.Redirect}}";
    CHECK(must_assemble(world, dir).snapshot->context->policy.pages.templates->sign_in() !=
          nullptr);
    world.files->content["t/sign_in.html"] = "\n<script>{{.Redirect}}</script>";
    CHECK(refusal(world, dir)
              .starts_with("custom_templates_dir: \"t\" has a template that cannot be used: "
                           "sign_in.html: line 2: a "
                           "value stands inside <script>"));
    world.files->content["t/sign_in.html"] = std::string(256 * 1024 + 1, 'x');
    world.files->stamps["t/sign_in.html"] = "1";
    CHECK(refusal(world, dir) ==
          "custom_templates_dir: \"t/sign_in.html\" cannot be read: it is too large");
  }

  TEST_CASE("basic_auth_password_file, signature_key_file: the secrets, without the line end") {
    World world;
    world.files->content = {
        {"pw", "secret\n"}, {"key", "sha256:k\r\n"}, {"empty", "\n"}, {"wrong", "canary"}};
    const auto good =
        must_assemble(world, {{"basic_auth_password_file", "pw"}, {"signature_key_file", "key"}});
    const auto& headers = good.snapshot->context->policy.headers;
    REQUIRE_FALSE(headers.rules.request.empty());
    CHECK(headers.rules.request[0].name == "Authorization");
    CHECK(headers.rules.request[0].values[0].password == Secret("secret"));
    REQUIRE(headers.signer);
    const auto same = policy::RequestSigner::make(Secret("sha256:k"));
    const auto none = [](std::string_view) { return std::string(); };
    CHECK(*headers.signer->sign({"GET", "/", ""}, none) == *same->sign({"GET", "/", ""}, none));
    for (const auto& [key, path] : Pairs{{"basic_auth_password_file", "empty"},
                                         {"basic_auth_password_file", "gone"},
                                         {"signature_key_file", "empty"},
                                         {"signature_key_file", "wrong"}}) {
      const auto said = refusal(world, {{key, path}});
      CHECK(said.find(": \"" + std::string(path) + "\"") != std::string::npos);
      CHECK(said.find("canary") == std::string::npos);
    }
  }

  TEST_CASE("authenticated_emails_file: read at once; what is no list of addresses is a problem") {
    World world;
    world.files->content = {{"emails", "a@x.example\n"}, {"broken", "nobody\n"}};
    const auto good =
        assemble(settings_with({{"authenticated_emails_file", "emails"}}), world.ports, 1);
    REQUIRE(good.ok());
    CHECK(good->snapshot->emails_file == "emails");
    CHECK(good->snapshot->context->policy.email.addresses->contains("A@x.example"));
    for (const auto* path : {"broken", "missing"}) {
      const auto bad =
          assemble(settings_with({{"authenticated_emails_file", path}}), world.ports, 1);
      REQUIRE_FALSE(bad.ok());
      CHECK(bad.error().text.starts_with("authenticated_emails_file: "));
    }
  }

  TEST_CASE("custom_sign_in_logo: an image by what it begins with, as a data: URL") {
    using namespace std::string_literals;
    World world;
    world.files->content = {{"png", "\x89PNG\r\n\x1a\nx"s},
                            {"jpeg",
                             "\xff\xd8\xff"
                             "x"s},
                            {"gif", "GIF89ax"s},
                            {"webp", "RIFF\0\0\0\0WEBPx"s},
                            {"svg", "<svg></svg>"s},
                            {"xml", "<?xml?><svg/>"s},
                            {"html", "<html><svg></html>"s},
                            {"text", "logo"s},
                            {"empty", ""s},
                            {"large", std::string(65537, 'G')}};
    const auto logo_of = [&](const char* path) {
      const auto made = assemble(settings_with({{"custom_sign_in_logo", path}}), world.ports, 1);
      return made.ok() ? made->snapshot->context->policy.pages.logo : made.error().text;
    };
    CHECK(logo_of("png") == "data:image/png;base64,iVBORw0KGgp4");
    CHECK(logo_of("jpeg") == "data:image/jpeg;base64,/9j/eA==");
    CHECK(logo_of("gif").starts_with("data:image/gif;base64,"));
    CHECK(logo_of("webp").starts_with("data:image/webp;base64,"));
    CHECK(logo_of("svg").starts_with("data:image/svg+xml;base64,"));
    CHECK(logo_of("xml").starts_with("data:image/svg+xml;base64,"));
    CHECK(logo_of("-").empty());
    for (const auto* path : {"html", "text", "empty", "large", "missing"}) {
      CAPTURE(path);
      CHECK(logo_of(path).starts_with("custom_sign_in_logo: "));
    }
  }

  TEST_CASE(
      "F-249: session_store_type = host takes the store of the ports; without one it says so") {
    World world;
    const Pairs host{{"session_store_type", "host"}};
    CHECK(
        refusal(world, host) ==
        "session_store_type: \"host\" needs a store that the program brings, and it brought none; "
        "set Ports::store, in C call gatelet_config_set_store");
    world.ports.store = std::make_shared<support::HostMemory>();
    const auto assembled = must_assemble(world, host);
    CHECK(assembled.driver.store.kind == io::StoreSettings::Kind::host);
    CHECK(assembled.driver.store.host == world.ports.store);
    CHECK(assembled.notices.empty());
  }

  TEST_CASE("F-249: a store that the program brought and no option chose is told at the start") {
    World world;
    const auto tells = [](const Assembled& assembled) {
      return std::any_of(assembled.notices.begin(), assembled.notices.end(),
                         [](const auto& notice) { return notice.code == "store-unused"; });
    };
    CHECK_FALSE(tells(must_assemble(world, {})));
    world.ports.store = std::make_shared<support::HostMemory>();
    for (const auto* kind : {"cookie", "memory"}) {
      const auto assembled = must_assemble(world, {{"session_store_type", kind}});
      CHECK(assembled.driver.store.host == nullptr);
      CHECK(tells(assembled));
    }
  }

  TEST_CASE("a provider described by hand has metadata from the start") {
    const auto hand = and_more(by_hand, {{"oidc_jwks_url", "https://idp.example/jwks"}});
    const auto plain = must_assemble({}, hand);
    CHECK(plain.snapshot->providers[0]->has_metadata);
    CHECK_FALSE(plain.snapshot->providers[0]->has_keys);
    CHECK(provider_of(plain).algorithms == std::vector{jose::Algorithm::rs256});
    CHECK(provider_of(plain).client.method == oidc::ClientAuthMethod::client_secret_basic);

    const auto chosen =
        must_assemble({}, and_more(hand, {{"oidc_enabled_signing_algs", "ES256"},
                                          {"client_auth_method", "client_secret_post"}}));
    CHECK(provider_of(chosen).algorithms == std::vector{jose::Algorithm::es256});
    CHECK(provider_of(chosen).client.method == oidc::ClientAuthMethod::client_secret_post);
  }

  TEST_CASE(
      "oidc_public_key_files: the keys are there from the start; a private or broken one is a "
      "problem") {
    World world;
    const auto& key = support::test_key(support::MintKey::Kind::p256);
    world.files->content = {
        {"public", key.public_pem()}, {"private", key.private_pem()}, {"text", "canary"}};
    const auto assembled =
        must_assemble(world, and_more(by_hand, {{"oidc_public_key_files", "public"}}));
    CHECK(assembled.snapshot->providers[0]->has_keys);
    CHECK(assembled.snapshot->providers[0]->keys.keys().size() == 1);

    const auto said =
        refusal(world, and_more(by_hand, {{"oidc_public_key_files", "private,text,absent"}}));
    CHECK(said.find("oidc_public_key_files: \"private\" holds no usable public key: ") !=
          std::string::npos);
    CHECK(said.find("oidc_public_key_files: \"text\" holds no usable public key: ") !=
          std::string::npos);
    CHECK(said.find("oidc_public_key_files: \"absent\" cannot be read: no such file") !=
          std::string::npos);
    CHECK(said.find("canary") == std::string::npos);
    CHECK(said.find("PRIVATE KEY-----\n") == std::string::npos);
  }

  TEST_CASE("PX-22: insecure settings are told at each start") {
    const auto warnings = must_assemble({}, {{"ssl_insecure_skip_verify", "true"}}).warnings;
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0] ==
          "ssl_insecure_skip_verify is on: the provider's certificate is not checked");
  }

  TEST_CASE("several providers: their files are read apart, and problems name them") {
    World world;
    world.files->content = {{"corp-secret", "c"}};
    const Pairs corp{{"providers.corp.oidc_issuer_url", "https://corp.example"},
                     {"providers.corp.client_id", "app"}};
    const auto assembled = must_assemble(
        world, and_more(corp, {{"providers.corp.client_secret_file", "corp-secret"}}));
    CHECK(assembled.snapshot->context->several_providers);
    CHECK(assembled.snapshot->provider("corp")->provider->client.secret.reveal() == "c");
    CHECK(assembled.snapshot->provider("default")->provider->client.secret.reveal() ==
          "s3cret-canary");
    CHECK(refusal(world, and_more(corp, {{"providers.corp.client_secret_file", "absent"}})) ==
          "providers.corp.client_secret_file: \"absent\" cannot be read: no such file");
  }

  TEST_CASE("keep_known_providers: a reload keeps what is known of unchanged providers only") {
    const World world;
    const Pairs corp{{"providers.corp.oidc_issuer_url", "https://corp.example"},
                     {"providers.corp.client_id", "app"},
                     {"providers.corp.client_secret", "s"}};
    auto before = std::make_shared<Snapshot>(*must_assemble(world, corp).snapshot);
    for (auto& state : before->providers) {  // as if metadata had come
      auto known = std::make_shared<oidc::ProviderState>(*state);
      auto with_metadata = std::make_shared<oidc::Provider>(*state->provider);
      with_metadata->endpoints.token = "https://discovered.example/token";
      known->provider = std::move(with_metadata);
      known->has_metadata = known->has_keys = true;
      state = std::move(known);
    }

    const auto same = keep_known_providers(
        *before, *must_assemble(world, and_more(corp, {{"cookie_path", "/app"}})).snapshot);
    CHECK(same->provider("default") == before->provider("default"));
    CHECK(same->provider("corp") == before->provider("corp"));
    CHECK(same->context->session.attributes.path == "/app");

    for (const auto& changed : Pairs{{"providers.corp.client_secret", "other"},
                                     {"providers.corp.oidc_issuer_url", "https://other.example"},
                                     {"providers.corp.scope", "openid"},
                                     {"providers.corp.ssl_insecure_skip_verify", "true"},
                                     {"providers.corp.oidc_enabled_signing_algs", "ES256"}}) {
      CAPTURE(changed.first);
      const auto next =
          keep_known_providers(*before, *must_assemble(world, and_more(corp, {changed})).snapshot);
      CHECK(next->provider("default") == before->provider("default"));
      CHECK_FALSE(next->provider("corp")->has_metadata);
      CHECK_FALSE(next->provider("corp")->has_keys);
    }
  }

  TEST_CASE("keep_known_providers: keys from files are those of the new files") {
    World world;
    const auto settings = and_more(by_hand, {{"oidc_public_key_files", "public"}});
    world.files->content["public"] = support::test_key(support::MintKey::Kind::p256).public_pem();
    const auto before = must_assemble(world, settings).snapshot;
    world.files->content["public"] =
        support::test_key(support::MintKey::Kind::rsa_2048).public_pem();
    const auto next = must_assemble(world, settings).snapshot;

    const auto merged = keep_known_providers(*before, *next);
    CHECK(merged->providers[0] == next->providers[0]);
    CHECK(merged->providers[0] != before->providers[0]);
  }
}
