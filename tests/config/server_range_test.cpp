#include "config/server_range.hpp"

#include <doctest/doctest.h>

using namespace gatelet::config;

TEST_SUITE("config/server_range") {
  TEST_CASE("address: what the reference listens on") {
    for (const auto text :
         {"-", "127.0.0.1:4180", ":4180", ":0", "0.0.0.0:65535", "[::1]:4180", "[::]:80",
          "localhost:4180", "app-1.example_x:80", "http://127.0.0.1:4180", "http://:80",
          "unix:///run/a.sock", "unix://a.sock", "unix:///run/a.sock,mode=0660",
          "unix:///run/a.sock,mode=777", "fd:3", "FD:17"}) {
      CAPTURE(text);
      CHECK(address_complaint(text) == "");
    }
  }

  TEST_CASE("address: nonsense is no address, and the text says what is") {
    CHECK(address_complaint("nonsense") ==
          "\"nonsense\" is no address; write 127.0.0.1:4180, :4180, [::1]:4180, "
          "unix:///run/name.sock, fd:3 or -");
    for (const auto text : {"4180",
                            "127.0.0.1",
                            "127.0.0.1:",
                            ":65536",
                            ":-1",
                            ":+1",
                            ":4180x",
                            "::1:4180x",
                            "[::1]",
                            "[::1",
                            "[x]:80",
                            "::1",
                            "a b:80",
                            "a/b:80",
                            "a..b:80",
                            "https://127.0.0.1:80",
                            "fd:",
                            "fd:2",
                            "fd:-1",
                            "fd:x",
                            "fd",
                            "unix://",
                            "unix://,mode=0660",
                            "--"}) {
      CAPTURE(text);
      CHECK(address_complaint(text) != "");
    }
  }

  TEST_CASE("address: a socket's path is not too long, and its additions are known") {
    CHECK(address_complaint("unix://" + std::string(107, 'a')) == "");
    CHECK(address_complaint("unix://" + std::string(108, 'a')).find("107 bytes") !=
          std::string::npos);
    for (const auto text : {"unix:///a,mode=", "unix:///a,mode=8", "unix:///a,mode=07777",
                            "unix:///a,mode", "unix:///a,owner=me", "unix:///a,"}) {
      CAPTURE(text);
      CHECK(address_complaint(text).find("mode=0660") != std::string::npos);
    }
  }

  TEST_CASE("tcp_address: host and port only") {
    for (const auto text : {"-", ":443", "[::1]:443", "https://127.0.0.1:443"}) {
      CAPTURE(text);
      CHECK(tcp_address_complaint(text) == "");
    }
    for (const auto text : {"443", "unix:///a", "fd:3", "http://127.0.0.1:443", ":70000"}) {
      CAPTURE(text);
      CHECK(tcp_address_complaint(text) != "");
    }
  }

  TEST_CASE("cipher_suite: a name of the registry's shape") {
    CHECK(cipher_suite_complaint("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") == "");
    for (const auto text :
         {"ECDHE-RSA-AES128-GCM-SHA256", "TLS-AES", "TLS_A B", "tls_aes", "TLS_A:B"}) {
      CAPTURE(text);
      CHECK(cipher_suite_complaint(text).find("TLS_ECDHE_RSA_WITH") != std::string::npos);
    }
  }

  TEST_CASE("upstream: the reference's schemes, and a status that a server can send") {
    for (const auto text :
         {"http://127.0.0.1:8080/", "https://app.example", "http://[::1]:80/a?b#c",
          "file:///var/www/#/static/", "unix:///run/app.sock", "static://202", "static://200/"}) {
      CAPTURE(text);
      CHECK(upstream_complaint(text) == "");
    }
    for (const auto text :
         {"127.0.0.1:8080", "ftp://x", "http://", "http://:80", "app.example", "static://",
          "static://abc", "static://99", "static://600", "static://-1"}) {
      CAPTURE(text);
      CHECK(upstream_complaint(text) != "");
    }
  }
}
