#include "http/ip.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet::http;

namespace {

bool in(const char* range, const char* address) {
  return parse_ip_range(range)->contains(*parse_ip(address));
}
bool is_private(const char* address) { return gatelet::http::is_private(*parse_ip(address)); }

}  // namespace

TEST_SUITE("http/ip") {
  TEST_CASE("is_this_machine: localhost, what is below it, loopback addresses, and no look-alike") {
    for (const auto* host : {"localhost", "a.localhost", "127.0.0.1", "127.255.0.9", "[::1]", "::1",
                             "::ffff:127.0.0.1"}) {
      CAPTURE(host);
      CHECK(is_this_machine(host));
    }
    for (const auto* host : {"", "notlocalhost", "localhost.example.com", "128.0.0.1", "1.127.0.1",
                             "[::2]", "127.0.0.1.example.com", "0.0.0.0", "[::]"}) {
      CAPTURE(host);
      CHECK_FALSE(is_this_machine(host));
    }
  }

  TEST_CASE("parse_ip: IPv4 in its one usual form, kept mapped") {
    const auto address = parse_ip("203.0.113.7");
    REQUIRE(address);
    CHECK(address->is_v4());
    CHECK(address->bytes ==
          std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 7});
    CHECK(address == parse_ip("::ffff:203.0.113.7"));
    CHECK(address == parse_ip("::ffff:cb00:7107"));
    CHECK(parse_ip("0.0.0.0"));
    CHECK(parse_ip("255.255.255.255"));
  }

  TEST_CASE("parse_ip: IPv6 in every form of RFC 4291 section 2.2, with or without brackets") {
    const std::array<std::uint8_t, 16> expected = {0x20, 1, 0xd, 0xb8, 0,    0,   0,    0,
                                                   0,    8, 8,   0,    0x20, 0xc, 0x41, 0x7a};
    CHECK(parse_ip("2001:db8:0:0:8:800:200C:417A")->bytes == expected);
    CHECK(parse_ip("2001:DB8::8:800:200c:417a")->bytes == expected);
    CHECK(parse_ip("[2001:db8::8:800:200c:417a]")->bytes == expected);
    CHECK(parse_ip("2001:0db8:0000:0000:0008:0800:200c:417a")->bytes == expected);
    CHECK(parse_ip("2001:db8::8:800:32.12.65.122")->bytes == expected);
    CHECK(parse_ip("::")->bytes == std::array<std::uint8_t, 16>{});
    CHECK(parse_ip("::1")->bytes[15] == 1);
    CHECK(parse_ip("1::")->bytes[1] == 1);
    CHECK(parse_ip("1:2:3:4:5:6:7::"));
    CHECK(parse_ip("::2:3:4:5:6:7:8"));
    CHECK(parse_ip("1:2:3:4:5:6:1.2.3.4"));
    CHECK_FALSE(parse_ip("2001:db8::1")->is_v4());
  }

  TEST_CASE(
      "H-16: parse_ip: octal, short, hexadecimal and zoned forms, ports and blanks are refused") {
    for (const std::string text : {"",
                                   "0177.0.0.1",
                                   "01.2.3.4",
                                   "1.2.3.04",
                                   "1.2.3.00",
                                   "127.1",
                                   "1.2.3",
                                   "1.2.3.",
                                   ".1.2.3",
                                   "1..2.3",
                                   "1.2.3.4.5",
                                   "1.2.3.256",
                                   "1.2.3.1000",
                                   "1.2.3.-4",
                                   "1.2.3.+4",
                                   "0x7f.0.0.1",
                                   "2130706433",
                                   "1.2.3.4:80",
                                   "1.2.3.4 ",
                                   " 1.2.3.4",
                                   "1.2.3.4/32",
                                   "1,2,3,4",
                                   "unknown",
                                   "localhost",
                                   "unix:",
                                   "[1.2.3.4]",
                                   "[::1",
                                   "::1]",
                                   "[::1]:80",
                                   "[]",
                                   "[[::1]]",
                                   "fe80::1%eth0",
                                   "fe80::1%25eth0",
                                   ":",
                                   ":::",
                                   "::1::",
                                   "1::2::3",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1:2:3:4:5:6:7:8::",
                                   "::1:2:3:4:5:6:7:8",
                                   "1:2:3:4::5:6:7:8",
                                   "12345::",
                                   "g::",
                                   "1:",
                                   ":1",
                                   "1:2:3:4:5:6:7:",
                                   ":1:2:3:4:5:6:7",
                                   "::1.2.3",
                                   "::1.2.3.4.5",
                                   "::01.2.3.4",
                                   "1.2.3.4::",
                                   "::1.2.3.4:5",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "1:1.2.3.4::2",
                                   "::ffff:1.2.3.4 ",
                                   "::-1",
                                   "0x1::"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_ip(text));
    }
    CHECK_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
  }

  TEST_CASE("parse_ip_range: contains what shares the prefix") {
    CHECK(in("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
    CHECK(in("10.1.2.3/8", "10.9.9.9"));
    CHECK(parse_ip_range("10.1.2.3/8")->first == *parse_ip("10.0.0.0"));
    CHECK(in("192.0.2.128/25", "192.0.2.129"));
    CHECK_FALSE(in("192.0.2.128/25", "192.0.2.127"));
    CHECK(in("203.0.113.7", "203.0.113.7"));
    CHECK_FALSE(in("203.0.113.7", "203.0.113.6"));
    CHECK(in("203.0.113.7/32", "::ffff:203.0.113.7"));
    CHECK(in("0.0.0.0/0", "8.8.8.8"));
    CHECK(in("2001:db8::/32", "2001:db8:ffff::1"));
    CHECK_FALSE(in("2001:db8::/32", "2001:db9::"));
    CHECK(in("2001:db8::/33", "2001:db8:7fff::"));
    CHECK_FALSE(in("2001:db8::/33", "2001:db8:8000::"));
    CHECK(in("::1", "::1"));
    CHECK(in("::/0", "2001:db8::1"));
  }

  TEST_CASE("parse_ip_range: one family never holds the other") {
    CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
    CHECK_FALSE(in("::/0", "8.8.8.8"));
    CHECK_FALSE(in("::/80", "8.8.8.8"));
    CHECK(in("::ffff:0:0/96", "8.8.8.8"));
    CHECK(in("::ffff:10.0.0.0/104", "10.2.3.4"));
  }

  TEST_CASE("parse_ip_range: bad prefixes and bad addresses are refused") {
    for (const auto* text :
         {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
          "10.0.0.0/ 8", "10.0.0.0/255.0.0.0", "10.0.0/8", "10/8", "::/129", "::/00", "::/1000",
          "/8", "", "a/8", "::1%lo/128"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_ip_range(text));
    }
  }

  TEST_CASE("H-17: is_private: the edges of every IPv4 range") {
    const std::pair<const char*, const char*> ranges[] = {
        {"0.0.0.0", "0.255.255.255"},       {"10.0.0.0", "10.255.255.255"},
        {"100.64.0.0", "100.127.255.255"},  {"127.0.0.0", "127.255.255.255"},
        {"169.254.0.0", "169.254.255.255"}, {"172.16.0.0", "172.31.255.255"},
        {"192.0.0.0", "192.0.0.255"},       {"192.0.2.0", "192.0.2.255"},
        {"192.88.99.0", "192.88.99.255"},   {"192.168.0.0", "192.168.255.255"},
        {"198.18.0.0", "198.19.255.255"},   {"198.51.100.0", "198.51.100.255"},
        {"203.0.113.0", "203.0.113.255"},   {"224.0.0.0", "239.255.255.255"},
        {"240.0.0.0", "255.255.255.255"},
    };
    for (const auto& range : ranges) {
      CAPTURE(range.first);
      CHECK(is_private(range.first));
      CHECK(is_private(range.second));
      CHECK(is_private((std::string("::ffff:") + range.first).c_str()));
    }
    for (const auto* address :
         {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
          "100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
          "169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "191.255.255.255",
          "192.0.1.0",       "192.0.3.0",       "192.88.98.255",  "192.88.100.0",
          "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
          "198.51.99.255",   "198.51.101.0",    "203.0.112.255",  "203.0.114.0",
          "223.255.255.255", "8.8.8.8",         "::ffff:8.8.8.8"}) {
      CAPTURE(address);
      CHECK_FALSE(is_private(address));
    }
  }

  TEST_CASE("H-17: is_private: IPv6 that is not global unicast, or is set aside within it") {
    for (const auto* address :
         {"::",          "::1",          "::7f00:1",        "::8.8.8.8",   "64:ff9b:1::1",
          "100::1",      "100:0:0:1::1", "1fff:ffff::",     "2001::1",     "2001:0:4136:e378::1",
          "2001:10::1",  "2001:20::1",   "2001:1ff:ffff::", "2001:db8::1", "3fff::1",
          "3fff:fff::1", "4000::",       "5f00::1",         "fc00::1",     "fdff:ffff::1",
          "fe80::1",     "febf::1",      "fec0::1",         "ff02::1",     "ffff::1"}) {
      CAPTURE(address);
      CHECK(is_private(address));
    }
    for (const auto* address :
         {"2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2001:db9::1",
          "2606:4700::1111", "2a00:1450::1", "3ffe::1", "3fff:1000::1"}) {
      CAPTURE(address);
      CHECK_FALSE(is_private(address));
    }
  }

  TEST_CASE(
      "H-17: is_private: an address that embeds a private one is private, one that embeds a public "
      "one is not") {
    CHECK(is_private("64:ff9b::127.0.0.1"));
    CHECK(is_private("64:ff9b::a9fe:a9fe"));
    CHECK_FALSE(is_private("64:ff9b::8.8.8.8"));
    CHECK(is_private("2002:7f00:1::1"));
    CHECK(is_private("2002:a00:1::"));
    CHECK_FALSE(is_private("2002:808:808::1"));
  }

  TEST_CASE("ip_text: as it is usually written") {
    for (const auto* text : {"203.0.113.7", "2001:db8::1", "::1", "::", "2001:db8:0:1:1:1:1:1"}) {
      CHECK(ip_text(*parse_ip(text)) == text);
    }
    CHECK(ip_text(*parse_ip("[2001:DB8:0:0:0:0:0:1]")) == "2001:db8::1");
    CHECK(ip_text(*parse_ip("::ffff:203.0.113.7")) == "203.0.113.7");
  }
}
