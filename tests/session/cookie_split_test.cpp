#include "session/cookie_split.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::session;

namespace {

std::string joined(const std::vector<NamedCookie>& cookies) {
  std::string out;
  for (const auto& cookie : cookies) {
    const std::string_view line(cookie.set_cookie);
    const auto equals = cookie.name.size();
    REQUIRE(line.starts_with(cookie.name + "="));
    out += line.substr(equals + 1, line.find(';') - equals - 1);
  }
  return out;
}

std::vector<NamedCookie> split(std::string_view name, std::string_view value) {
  return split_cookie(name, value, {}, std::chrono::seconds(604800)).value();
}

// The size of a value that fills one cookie, and one part.
std::size_t room(std::string_view name) { return 4000 - split(name, "").front().set_cookie.size(); }

}  // namespace

TEST_SUITE("session/cookie_split") {
  TEST_CASE("part_name: the base is cut so that 256 characters are enough") {
    CHECK(part_name("n", 0) == "n_0");
    CHECK(part_name("n", 15) == "n_15");
    const std::string name = std::string(250, 'a') + "uvwxyz";
    CHECK(part_name(name, 0) == std::string(250, 'a') + "uvwx_0");
    CHECK(part_name(name, 10) == std::string(250, 'a') + "uvw_10");
  }

  TEST_CASE("part_number: only this cookie's parts, by their canonical number") {
    CHECK(part_number("n", "n_0") == 0u);
    CHECK(part_number("n", "n_15") == 15u);
    for (const char* other : {"n", "n_", "n_16", "n_00", "n_01", "n_-1", "n_1e9", "n_3x", "N_0",
                              "m_0", "n_0_0", "nn_0", "n_csrf", "n_99999999", "_0", "0", ""})
      CHECK_FALSE(part_number("n", other).has_value());
    CHECK(part_number("n_0", "n_0_1") == 1u);
    CHECK_FALSE(part_number("n_0", "n_1").has_value());
  }

  TEST_CASE("part_number: the parts of a name near 256 characters are found by their cut base") {
    for (const std::size_t size : {253u, 254u, 255u, 256u}) {
      const auto name = std::string(size - 2, 'a') + "yz";
      for (std::size_t i = 0; i < max_parts; ++i) CHECK(part_number(name, part_name(name, i)) == i);
      CHECK_FALSE(part_number(name, std::string(size - 2, 'b') + "_0").has_value());
    }
  }

  TEST_CASE("is_cookie_or_part: the name literally, and any number behind it") {
    for (const char* ours : {"my.app", "my.app_0", "my.app_007", "my.app_99999999"})
      CHECK(is_cookie_or_part("my.app", ours));
    for (const char* other : {"myxapp", "my-app_1", "my.app_", "my.app_a", "my.app_0_1",
                              "my.app_csrf", "my.app_abcdefgh_csrf", "xmy.app", "my.ap_0"})
      CHECK_FALSE(is_cookie_or_part("my.app", other));
  }

  TEST_CASE("split_cookie: one cookie up to 4000 bytes, two above") {
    const auto fits = split("name", std::string(room("name"), 'v'));
    REQUIRE(fits.size() == 1);
    CHECK(fits.front().name == "name");
    CHECK(fits.front().set_cookie.size() == 4000);
    const auto above = split("name", std::string(room("name") + 1, 'v'));
    REQUIRE(above.size() == 2);
    CHECK(above.front().name == "name_0");
    CHECK(above.front().set_cookie.size() == 4000);
    CHECK(above.back().name == "name_1");
  }

  TEST_CASE("MA-24: sizes around every multiple of a part round trip, and no part is empty") {
    const auto part = room("name") - 2;
    for (std::size_t n = 1; n <= max_parts; ++n) {
      for (const std::size_t size : {n * part - 1, n * part, n * part + 1}) {
        // Parts above the tenth have a longer name and hold one byte less.
        if (size > max_parts * part - 6) continue;
        std::string value;
        for (std::size_t i = 0; i < size; ++i) value.push_back(static_cast<char>('a' + i % 26));
        const auto cookies = split("name", value);
        CHECK(joined(cookies) == value);
        for (std::size_t i = 0; i + 1 < cookies.size(); ++i)
          CHECK(cookies[i].set_cookie.size() == 4000);
        CHECK(cookies.back().set_cookie.find("=;") == std::string::npos);
      }
    }
  }

  TEST_CASE("split_cookie: what needs a 17th part is refused") {
    const auto part = room("name") - 2;
    CHECK(split("name", std::string(16 * part - 6, 'v')).size() == 16);
    const auto result =
        split_cookie("name", std::string(16 * part - 5, 'v'), {}, std::chrono::seconds(604800));
    CHECK(result.error().status == Status::session_too_large);
    http::CookieAttributes attributes;
    attributes.path = std::string(4000, 'p');
    CHECK_FALSE(split_cookie("name", "v", attributes, std::nullopt).ok());
  }
}
