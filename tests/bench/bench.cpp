// What gatelet costs, beside what the raw calls cost that it cannot avoid. ./run prints both as one
// table.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <gatelet/gatelet.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/base64url.hpp"
#include "base/keyed_hash.hpp"
#include "bench/configuration.hpp"
#include "bench/expect.hpp"
#include "bench/raw.hpp"
#include "jose/key_set.hpp"
#include "jose/verified_token.hpp"
#include "support/engines.hpp"
#include "support/token_mint.hpp"

namespace gatelet::bench {

bool did_as_expected = true;
void give_up(benchmark::State& state, const char* why) {
  did_as_expected = false;
  // Google Benchmark aborts where repetitions differ, before it says why.
  std::fprintf(stderr, "a benchmark gives up: %s\n", why);
  state.SkipWithError(why);
}
bool all_did_as_expected() noexcept { return did_as_expected; }

}  // namespace gatelet::bench

namespace {

using namespace gatelet;

constexpr std::size_t num_cookies = 64;

using bench::give_up;

// Requests of a browser with about 3 KB of session cookie, each session unlike the others.
struct Browsers {
  std::vector<std::string> cookies;
  std::vector<support::Request> requests;

  explicit Browsers(session::CookieFormat format) {
    const auto now = default_ports().clock->now();
    for (std::size_t i = 0; i < num_cookies; ++i) {
      cookies.push_back(support::cookie_of(support::make_session(now, 2000, static_cast<int>(i)),
                                           now, "__Host-gatelet", format));
      requests.emplace_back(
          "/app/page?x=1",
          std::vector<std::pair<std::string, std::string>>{
              {"Accept", "text/html"}, {"User-Agent", "Mozilla/5.0"}, {"Cookie", cookies.back()}});
    }
  }
};

const Browsers& browsers(session::CookieFormat format = session::CookieFormat::native) {
  static const Browsers native(session::CookieFormat::native);
  static const Browsers compat(session::CookieFormat::oauth2_proxy);
  return format == session::CookieFormat::native ? native : compat;
}

bool is_kind(const Outcome<Decision>& outcome, Decision::Kind kind) {
  if (!outcome.ok()) return false;
  const auto* decision = std::get_if<Decision>(&*outcome);
  return decision != nullptr && decision->kind() == kind;
}

void decide_in_turn(benchmark::State& state, const Engine& engine,
                    const std::vector<support::Request>& requests, Decision::Kind kind) {
  std::size_t next = 0;
  for (auto _ : state) {
    const auto outcome = engine.decide(requests[next++ % requests.size()].view());
    if (!is_kind(outcome, kind)) return give_up(state, "decided something else");
  }
}

// 200 patterns of skip_auth_routes, none of which matches what is asked here.
std::string many_routes() {
  std::string entries;
  for (int i = 0; i < 200; ++i) {
    entries += (i == 0 ? "" : ",") + std::string("GET=^/static") + std::to_string(i) + "/.*[.]css$";
  }
  return entries;
}

void decide_unseen(benchmark::State& state, std::string_view name, session::CookieFormat format) {
  const auto engine =
      support::offline_engine({{"session_cache_size", "0"}, {"session_format", name}});
  decide_in_turn(state, *engine, browsers(format).requests, Decision::Kind::allow);
  state.counters["cookie_bytes"] = static_cast<double>(browsers(format).cookies.front().size());
}

void decide_unseen_session(benchmark::State& state) {
  decide_unseen(state, "oauth2-proxy", session::CookieFormat::oauth2_proxy);
}
BENCHMARK(decide_unseen_session);

void decide_unseen_native_session(benchmark::State& state) {
  decide_unseen(state, "native", session::CookieFormat::native);
}
BENCHMARK(decide_unseen_native_session);

// `count` headers, each of a claim that the session has.
std::string header_rules(int count) {
  constexpr const char* claims[] = {"user", "email", "groups", "preferred_username"};
  std::string rules = "[";
  for (int i = 0; i < count; ++i) {
    rules += (i == 0 ? "" : ",") + std::string(R"({"name":"X-Header-)") + std::to_string(i) +
             R"(","values":[{"claimSource":{"claim":")" + claims[i % 4] + "\"}}]}";
  }
  return rules + "]";
}

// A session seen before, with 200 patterns of routes, and 20 headers.
void decide_seen_session_fully(benchmark::State& state) {
  const auto engine = support::offline_engine({{"skip_auth_routes", many_routes()},
                                               {"inject_request_headers", header_rules(12)},
                                               {"inject_response_headers", header_rules(8)}});
  decide_in_turn(state, *engine, browsers().requests, Decision::Kind::allow);
}
BENCHMARK(decide_seen_session_fully);

// HMAC, AES-CFB and LZ4 of the same cookies.
void raw_open_session(benchmark::State& state) {
  const bench::RawHmac hmac(support::cookie_secret);
  const bench::RawCfb cfb(support::cookie_secret);
  const bench::RawLz4 lz4;
  struct Parts {
    std::string signed_text, sealed;
  };
  std::vector<Parts> all;
  for (const auto& cookie : browsers(session::CookieFormat::oauth2_proxy).cookies) {
    const auto name = cookie.find('=');
    const auto first = cookie.find('|'), second = cookie.find('|', first + 1);
    const auto value = cookie.substr(name + 1, first - name - 1);
    all.push_back({cookie.substr(0, name) + value + cookie.substr(first + 1, second - first - 1),
                   *base64url::decode(value, base64url::Padding::required)});
  }
  std::string plain(8192, '\0'), record(65536, '\0');
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& parts = all[next++ % all.size()];
    benchmark::DoNotOptimize(hmac(parts.signed_text));
    cfb(parts.sealed, plain);
    benchmark::DoNotOptimize(
        lz4(std::string_view(plain).substr(0, parts.sealed.size() - 16), record));
  }
}
BENCHMARK(raw_open_session);

void decide_seen_session(benchmark::State& state) {
  const auto engine = support::offline_engine();
  decide_in_turn(state, *engine, browsers().requests, Decision::Kind::allow);
}
BENCHMARK(decide_seen_session);

// A fast keyed hash over the cookie and one comparison: what a cache cannot avoid.
void raw_hash_and_compare(benchmark::State& state) {
  const KeyedHash hash({1, 2, 3});
  const auto copies = browsers().cookies;
  std::size_t next = 0;
  for (auto _ : state) {
    const auto i = next++ % num_cookies;
    benchmark::DoNotOptimize(hash(browsers().cookies[i]));
    benchmark::DoNotOptimize(browsers().cookies[i] == copies[i]);
  }
}
BENCHMARK(raw_hash_and_compare);

void decide_api_without_session(benchmark::State& state) {
  const auto engine = support::offline_engine();
  std::vector<support::Request> requests;
  requests.emplace_back(
      "/api", std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"}});
  decide_in_turn(state, *engine, requests, Decision::Kind::unauthorized);
}
BENCHMARK(decide_api_without_session);

// The same with 200 patterns to look at, none of which matches.
void decide_api_with_routes(benchmark::State& state) {
  const auto engine = support::offline_engine({{"skip_auth_routes", many_routes()}});
  std::vector<support::Request> requests;
  requests.emplace_back(
      "/api", std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"}});
  decide_in_turn(state, *engine, requests, Decision::Kind::unauthorized);
}
BENCHMARK(decide_api_with_routes);

void decide_login_redirect(benchmark::State& state) {
  const auto engine = support::offline_engine();
  std::vector<support::Request> requests;
  requests.emplace_back("/app/page?x=1",
                        std::vector<std::pair<std::string, std::string>>{{"Accept", "text/html"}});
  decide_in_turn(state, *engine, requests, Decision::Kind::redirect);
}
BENCHMARK(decide_login_redirect);

struct Token {
  std::string text;
  jose::KeySet keys;
  jose::Expectations expected;

  Token() {
    const auto& key = support::test_key(support::MintKey::Kind::rsa_2048);
    auto claims = support::id_claims(support::mint_epoch());
    claims.set_string("filler", std::string(300, 'x'));
    text = support::mint(key, claims);
    keys = std::move(jose::parse_key_set(support::key_set_json(key))).value();
    expected.issuer = "https://idp.example";
    expected.audiences = {"c"};
    expected.authorized_party = "c";
    expected.algorithms = {*jose::parse_algorithm("RS256")};
  }
};

void verify_rs256_id_token(benchmark::State& state) {
  const Token token;
  for (auto _ : state) {
    const auto verified =
        jose::verify(token.text, token.keys, token.expected, support::mint_epoch());
    if (!verified.ok()) return give_up(state, verified.error().text.c_str());
  }
  state.counters["token_bytes"] = static_cast<double>(token.text.size());
}
BENCHMARK(verify_rs256_id_token);

void raw_rs256_verify(benchmark::State& state) {
  const Token token;
  const auto pem = support::test_key(support::MintKey::Kind::rsa_2048).public_pem();
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  {
    const bench::RawRsaVerify verify(key);
    const auto dot = token.text.rfind('.');
    const auto signature = *base64url::decode(std::string_view(token.text).substr(dot + 1));
    for (auto _ : state) {
      if (!verify(std::string_view(token.text).substr(0, dot), signature))
        return give_up(state, "refused");
    }
  }
  EVP_PKEY_free(key);
}
BENCHMARK(raw_rs256_verify);

// Programs with tokens of about 1 KB, each unlike the others.
struct Programs {
  std::vector<std::string> authorizations;
  std::vector<support::Request> requests;

  explicit Programs(std::size_t num) {
    const auto now = default_ports().clock->now();
    for (std::size_t i = 0; i < num; ++i) {
      auto claims = support::id_claims(now);
      claims.set_string("aud", "c").set_string("jti", std::to_string(i));
      claims.set_string("filler", std::string(300, 'x'));
      authorizations.push_back(
          "Bearer " + support::mint(support::test_key(support::MintKey::Kind::rsa_2048), claims));
      requests.emplace_back("/api", std::vector<std::pair<std::string, std::string>>{
                                        {"Authorization", authorizations.back()}});
    }
  }
};

// An engine that takes their tokens; its provider's key stands in a file.
std::shared_ptr<Engine> engine_for_programs(std::string_view cache_size) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("gatelet-bench-" + std::to_string(getpid()) + ".pem");
  std::ofstream(path) << support::test_key(support::MintKey::Kind::rsa_2048).public_pem();
  auto engine = support::offline_engine({{"skip_jwt_bearer_tokens", "true"},
                                         {"session_cache_size", cache_size},
                                         {"oidc_jwks_url", ""},
                                         {"oidc_public_key_files", path.string()}});
  std::filesystem::remove(path);
  return engine;
}

void decide_seen_bearer(benchmark::State& state) {
  const auto engine = engine_for_programs("64 MiB");
  const Programs programs(num_cookies);
  decide_in_turn(state, *engine, programs.requests, Decision::Kind::allow);
}
BENCHMARK(decide_seen_bearer);

void decide_unseen_bearer(benchmark::State& state) {
  const auto engine = engine_for_programs("0");
  const Programs programs(num_cookies);
  decide_in_turn(state, *engine, programs.requests, Decision::Kind::allow);
}
BENCHMARK(decide_unseen_bearer);

#ifdef GATELET_HAVE_TOML
// From the texts to an engine that could decide.
void make_engine_of(benchmark::State& state, std::string_view toml, std::string_view yaml) {
  for (auto _ : state) {
    Settings settings;
    const auto loaded = settings.load("toml", toml);
    if (!loaded.ok()) return give_up(state, loaded.error().text.c_str());
    const auto alpha = yaml.empty() ? Result<void>() : settings.load("yaml", yaml);
    if (!alpha.ok()) return give_up(state, alpha.error().text.c_str());
    const auto engine = Engine::create(settings);
    if (!engine.ok()) return give_up(state, engine.error().text.c_str());
  }
}

void largest_configuration_toml(benchmark::State& state) {
  make_engine_of(state, bench::largest_toml(), {});
}
BENCHMARK(largest_configuration_toml)->Unit(benchmark::kMillisecond);

#ifdef GATELET_HAVE_YAML
void largest_configuration_yaml(benchmark::State& state) {
  make_engine_of(state, bench::core_toml(), bench::largest_yaml());
}
BENCHMARK(largest_configuration_yaml)->Unit(benchmark::kMillisecond);
#endif
#endif

// Not a time: the heap an engine holds that has done nothing yet.
void idle_engine_heap(benchmark::State& state) {
  std::vector<std::shared_ptr<Engine>> engines;
  const auto warm = support::offline_engine();  // libraries initialise themselves at the first one
  const auto before = mallinfo2().uordblks;
  for (auto _ : state) engines.push_back(support::offline_engine());
  state.counters["heap_bytes"] =
      static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(engines.size());
}
BENCHMARK(idle_engine_heap)->Iterations(8);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return bench::all_did_as_expected() ? 0 : 1;
}
