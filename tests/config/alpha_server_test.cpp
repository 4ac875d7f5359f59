#include "config/alpha_server.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

std::string read(std::string_view text) {
  Settings settings;
  const char* const variables[] = {"PEM=-----BEGIN", nullptr};
  REQUIRE(settings.load_env(variables).ok());
  const auto tree = json::parse(text);
  REQUIRE(tree.ok());
  Complaints complaints;
  Fields root(*tree, "", complaints);
  const auto entries = read_alpha_server(root, settings);
  root.finish();
  std::string out;
  for (const auto& said : complaints.said) out += said + "\n";
  if (!out.empty()) return out;
  for (const auto& entry : entries) {
    CHECK(entry.is_alpha);
    out += entry.key + "=";
    for (const auto& value : entry.values) out += std::string(value.reveal()) + ",";
    out += " ";
  }
  return out;
}

std::string upstream(std::string_view fields) {
  return read(R"({"upstreamConfig":{"upstreams":[{)" + std::string(fields) + "}]}}");
}

}  // namespace

TEST_SUITE("config/alpha_server") {
  TEST_CASE("read_alpha_server: addresses and TLS under the flat names") {
    CHECK(read(R"({"server":{"bindAddress":"127.0.0.1:4180","secureBindAddress":":443","tls":{)"
               R"("cert":{"fromFile":"c.pem"},"key":{"fromFile":"k.pem"},"minVersion":"TLS1.3",)"
               R"("cipherSuites":["A","B"]}}})") ==
          "http_address=127.0.0.1:4180, https_address=:443, tls_cert_file=c.pem, "
          "tls_key_file=k.pem, tls_min_version=TLS1.3, tls_cipher_suites=A,B, ");
    CHECK(read(R"({"metricsServer":{"bindAddress":"m","secureBindAddress":"s","tls":{"cert":)"
               R"({"fromFile":"c"},"key":{"fromFile":"k"}}}})") ==
          "metrics_address=m, metrics_secure_address=s, metrics_tls_cert_file=c, "
          "metrics_tls_key_file=k, ");
    CHECK(read("{}") == "");
    CHECK(read(R"({"server":{},"metricsServer":null,"upstreamConfig":{}})") == "");
  }

  TEST_CASE("read_alpha_server: a certificate that is no file is refused, and not shown") {
    CHECK(read(R"({"server":{"tls":{"cert":{"value":"canary"},"key":{"fromEnv":"PEM"}}}})") ==
          "server.tls.cert: expected fromFile: certificates and keys stand in files here\n"
          "server.tls.key: expected fromFile: certificates and keys stand in files here\n");
    CHECK(read(R"({"metricsServer":{"tls":{"minVersion":"TLS1.3","cipherSuites":["A"]}}})") ==
          "metricsServer.tls.minVersion: is not available for metrics; leave it out\n"
          "metricsServer.tls.cipherSuites: is not available for metrics; leave it out\n");
    CHECK(read(R"({"server":{"tls":{"cert":{"value":"canary","fromFile":"x"}}}})") ==
          "server.tls.cert.value: expected one of value, fromEnv and fromFile, got several\n");
  }

  TEST_CASE("read_alpha_server: upstreams are written as the flat option has them") {
    CHECK(read(R"({"upstreamConfig":{"proxyRawPath":true,"upstreams":[{"id":"a","path":"/",)"
               R"("uri":"http://127.0.0.1:1","timeout":"30s","flushInterval":"1s",)"
               R"("passHostHeader":false,"rewriteTarget":"/$1"},)"
               R"({"id":"b","path":"/b","static":true,"staticCode":202}]}})") ==
          "upstreams=http://127.0.0.1:1,static://202, ");
    CHECK(upstream(R"("id":"a","path":"/","static":"true","uri":"ftp://x")").starts_with("upstr"));
  }

  TEST_CASE("read_alpha_server: what the reference refuses in an upstream is refused") {
    const auto one = [](std::string_view fields) {
      return upstream(R"("id":"a","path":"/",)" + std::string(fields));
    };
    CHECK(upstream(R"("uri":"http://x")") ==
          "upstreamConfig.upstreams[0].id: missing; write one\n"
          "upstreamConfig.upstreams[0].path: missing; write one\n");
    CHECK(one(R"("timeout":"1s")").find("uri: missing") != std::string::npos);
    CHECK(one(R"("uri":"ftp://x")").find("\"ftp\" is no scheme") != std::string::npos);
    CHECK(one(R"("uri":"http://x","staticCode":200)").find("has no effect") != std::string::npos);
    CHECK(one(R"("uri":"http://x","timeout":"soon")").find("expected a duration") !=
          std::string::npos);
    CHECK(one(R"("uri":"http://x","passHostHeader":"maybe")").find("expected true or false") !=
          std::string::npos);
    CHECK(one(R"("uri":"http://x","timeOuts":1)").find("did you mean timeout?") !=
          std::string::npos);
    CHECK(read(R"({"upstreamConfig":{"upstreams":[{"id":"a","path":"/","uri":"http://x"},)"
               R"({"id":"a","path":"/","uri":"http://x"}]}})")
              .find("upstreams[1].path: \"/\" stands twice") != std::string::npos);
    CHECK(read(R"({"server":{"bindAddres":"x"}})").find("did you mean bindAddress?") !=
          std::string::npos);
  }
}
