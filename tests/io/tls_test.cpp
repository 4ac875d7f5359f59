#include "io/tls.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <memory>

using namespace gatelet::io;

TEST_SUITE("io/tls") {
  TEST_CASE(
      "demand_name: takes names and address literals; what it demands is tried in "
      "http_client_tls_test") {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                               SSL_CTX_free);

    CHECK(demand_name(context.get(), "idp.example"));
    CHECK(demand_name(context.get(), "127.0.0.1"));
    CHECK(demand_name(context.get(), "2001:db8::1"));
    CHECK_FALSE(demand_name(context.get(), std::string("idp.example\0.evil", 17)));
    CHECK_FALSE(demand_name(context.get(), ""));  // RD-05: to OpenSSL that is any name
  }

  TEST_CASE("add_system_store: the system has one") {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                               SSL_CTX_free);

    CHECK(add_system_store(context.get()));
  }

  TEST_CASE("certificate_problem: names the kind, and never is at a loss") {
    CHECK(certificate_problem(X509_V_ERR_CERT_HAS_EXPIRED) == "its certificate has expired");
    CHECK(certificate_problem(X509_V_ERR_HOSTNAME_MISMATCH) ==
          "its certificate is for another name");
    CHECK(certificate_problem(X509_V_ERR_PATH_LENGTH_EXCEEDED) ==
          "its certificate cannot be accepted");
    for (long code = -1; code < 120; ++code) CHECK_FALSE(certificate_problem(code).empty());
  }
}
