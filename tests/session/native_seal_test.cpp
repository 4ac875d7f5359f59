#include "session/native_seal.hpp"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "base/base64url.hpp"
#include "samples.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;

namespace {

constexpr std::string_view host_name = "__Host-gatelet";
constexpr std::size_t limit = 1024 * 1024;
constexpr std::chrono::seconds hour{3600};
const std::string secret_of_24 = "0123456789!bcdef01234567";
const std::string secret_of_32 = "0123456789!bcdef0123456789!bcdef";
const std::string another = "another secret, as long as a key";

KeyRing ring(std::initializer_list<std::string_view> secrets) {
  std::vector<Secret> all;
  for (const auto secret : secrets) all.emplace_back(secret);
  return KeyRing::make(all).value();
}

// Bytes 0, 1, 2, ...
std::string counted(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i);
  return out;
}

std::string sealed(const KeyRing& ring, const Binding& binding, std::string_view content,
                   std::int64_t seconds = begin) {
  support::GivenEntropy entropy(counted(24));
  return ring.seal(binding, content, seconds, entropy).value();
}

// The content, or the status's name; `now` is a minute after the samples begin.
std::string opened(const KeyRing& ring, const Binding& binding, std::string_view value,
                   std::size_t max_size = limit) {
  Workspace workspace;
  const auto content = ring.open(binding, value, hour, at_unix(begin + 60), max_size, workspace);
  if (content.ok()) return std::string(content->content);
  return std::string(status_name(content.error().status));
}

std::string refusal(const KeyRing& ring, const Binding& binding, std::string_view value,
                    std::int64_t at = begin + 60) {
  Workspace workspace;
  const auto content = ring.open(binding, value, hour, at_unix(at), limit, workspace);
  REQUIRE(!content.ok());
  CHECK(content.error().status == Status::session_invalid);
  return content.error().text;
}

constexpr Binding of_session{Purpose::session, host_name};

}  // namespace

TEST_SUITE("session/native_seal") {
  // Computed with python3-cryptography from the description in lib/session/README.md.
  TEST_CASE("seal: the vectors of README.md") {
    struct Vector {
      std::string_view secret;
      Purpose purpose;
      std::string_view value;
    };
    for (const auto& [secret, purpose, value] : {
             Vector{"0123456789!bcdef0123456789!bcdef", Purpose::session,
                    "AQB7jHeP13Sv2QAAAABpVbkAAAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
                    "CoxdC5LSLPJQ9rDZCFwyKESyawa7"},
             Vector{"0123456789!bcdef0123456789!bcdef", Purpose::login_state,
                    "AQB7jHeP13Sv2QAAAABpVbkAAAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
                    "kSbHUb73mthG7-RSsqu6yZas1kg8"},
             Vector{"0123456789!bcdef0123456789!bcdef", Purpose::sign_out_state,
                    "AQB7jHeP13Sv2QAAAABpVbkAAAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
                    "6CtOHH1oMnf1OBHIHYJUIqH6rP2H"},
             Vector{"0123456789!bcdef", Purpose::session,
                    "AQBqdFzUdXW5XgAAAABpVbkAAAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
                    "VUslYOMVtzYoeLrtyoj4qKmvya9H"},
         }) {
      CHECK(sealed(ring({secret}), {purpose, host_name}, "hello") == value);
      CHECK(opened(ring({secret}), {purpose, host_name}, value) == "hello");
    }
  }

  TEST_CASE("open: the content and its time, of every size") {
    const auto keys = ring({secret_of_24});
    Workspace workspace;
    for (std::size_t size = 0; size < 300; ++size) {
      const auto value = sealed(keys, of_session, counted(size), begin + 7);
      CHECK(claimed_native_time(value) == begin + 7);
      const auto content = keys.open(of_session, value, hour, at_unix(begin), limit, workspace);
      REQUIRE(content.ok());
      CHECK(content->content == counted(size));
      CHECK(content->seconds == begin + 7);
    }
  }

  TEST_CASE("open: any bit of version, flags, key id, time, nonce, content or tag changed") {
    const auto keys = ring({secret_of_32});
    for (const auto& content : {std::string("hello"), std::string(400, 'h')}) {  // and compressed
      const auto value = sealed(keys, of_session, content);
      const auto bytes = *base64url::decode(value);
      std::set<std::string> said;
      for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        auto changed = bytes;
        changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
        said.insert(refusal(keys, of_session, base64url::encode(changed)));
      }
      CHECK(said == std::set<std::string>{
                        "the cookie is no sealed value",
                        "the cookie's key is none of cookie_secret and cookie_secrets_previous",
                        "the cookie is too old, or from the future",
                        "the encrypted value is not authentic"});
      CHECK(opened(keys, of_session, value) == content);
    }
  }

  TEST_CASE("open: a value of another time, flag or key id is not authentic where it could pass") {
    const auto keys = ring({secret_of_32, another});
    const auto bytes = *base64url::decode(sealed(keys, of_session, "hello"));
    const auto other = *base64url::decode(sealed(ring({another}), of_session, "hello"));
    auto later = bytes, flagged = bytes, renamed = bytes;
    later[17] = static_cast<char>(later[17] + 1);
    flagged[1] = 1;
    renamed.replace(2, 8, other.substr(2, 8));
    for (const auto& changed : {later, flagged, renamed})
      CHECK(refusal(keys, of_session, base64url::encode(changed)) ==
            "the encrypted value is not authentic");
    CHECK(opened(keys, of_session, base64url::encode(other)) == "hello");
  }

  TEST_CASE("open: text that is no value: cut, longer, padded, other letters") {
    const auto keys = ring({secret_of_32});
    const auto value = sealed(keys, of_session, "hello");
    for (std::size_t size = 0; size < value.size(); ++size)
      CHECK(opened(keys, of_session, value.substr(0, size)) == "session_invalid");
    for (const auto* more : {"A", "AA", "AAA", "AAAA", "=", "==", " ", "\n"})
      CHECK(opened(keys, of_session, value + more) == "session_invalid");
    for (std::size_t i = 0; i < value.size(); ++i) {
      for (const char c : {'+', '/', '=', '|', ' ', '\0', '\xff'}) {
        auto changed = value;
        changed[i] = c;
        CHECK(opened(keys, of_session, changed) == "session_invalid");
      }
    }
    CHECK(opened(keys, of_session, value) == "hello");
  }

  TEST_CASE("open: every other purpose and name is refused") {
    const auto keys = ring({secret_of_32});
    constexpr std::array purposes = {Purpose::session, Purpose::login_state,
                                     Purpose::sign_out_state};
    constexpr std::array<std::string_view, 6> names = {"s", "s_csrf", "s_0", "S", "", "ss"};
    for (const auto purpose : purposes) {
      for (const auto name : names) {
        const auto value = sealed(keys, {purpose, name}, "_csrfhello");
        for (const auto as : purposes) {
          for (const auto under : names) {
            const bool is_same = as == purpose && under == name;
            CHECK(opened(keys, {as, under}, value) == (is_same ? "_csrfhello" : "session_invalid"));
          }
        }
      }
    }
  }

  TEST_CASE("OP-20: bytes moved over the border of name and value are refused") {
    const auto keys = ring({secret_of_32});
    const std::string name = "session";
    const auto value = sealed(keys, {Purpose::session, name}, "hello");
    for (std::size_t n = 1; n <= name.size(); ++n) {
      CHECK(opened(keys, {Purpose::session, name.substr(0, n)}, name.substr(n) + value) ==
            (n == name.size() ? "hello" : "session_invalid"));
      CHECK(opened(keys, {Purpose::session, name + value.substr(0, n)}, value.substr(n)) ==
            "session_invalid");
    }
  }

  TEST_CASE("open: too old, or from the future, both borders excluded; never with a life of 0") {
    const auto keys = ring({secret_of_32});
    const auto value = sealed(keys, of_session, "hello");
    Workspace workspace;
    const auto opens = [&](std::int64_t at, std::chrono::seconds life) {
      return keys.open(of_session, value, life, at_unix(at), limit, workspace).ok();
    };
    CHECK(opens(begin + 3599, hour));
    CHECK_FALSE(opens(begin + 3600, hour));
    CHECK(opens(begin - 299, hour));
    CHECK_FALSE(opens(begin - 300, hour));
    CHECK(opens(begin + 3600, std::chrono::seconds(0)));
    CHECK(opens(begin - 300, std::chrono::seconds(0)));
  }

  TEST_CASE("H-06: the first key seals; every key of the ring opens; others do not") {
    const auto before = ring({secret_of_32});
    const auto rotated = ring({another, secret_of_32});
    const auto after = ring({another});
    const auto old_value = sealed(before, of_session, "hello");
    const auto new_value = sealed(rotated, of_session, "hello");
    CHECK(opened(rotated, of_session, old_value) == "hello");
    CHECK(opened(after, of_session, new_value) == "hello");
    CHECK(new_value == sealed(after, of_session, "hello"));
    CHECK(refusal(after, of_session, old_value).find("key") != std::string::npos);
    CHECK(refusal(before, of_session, new_value).find("key") != std::string::npos);
  }

  TEST_CASE("is_foreign: a value of another ring's key; anything else is not") {
    const auto one = ring({secret_of_32}), two = ring({another});
    const auto value = sealed(one, of_session, "hello");
    CHECK_FALSE(one.is_foreign(value));
    CHECK(two.is_foreign(value));
    for (const auto text : {"", "garbage", "AQ"}) CHECK_FALSE(two.is_foreign(text));
  }

  TEST_CASE("make: a secret that comes twice counts once; an empty one and none are refused") {
    const auto keys = ring({secret_of_32, secret_of_32, another, secret_of_32});
    CHECK(sealed(keys, of_session, "hello") == sealed(ring({secret_of_32}), of_session, "hello"));
    CHECK(opened(keys, of_session, sealed(ring({another}), of_session, "hello")) == "hello");
    CHECK(KeyRing::make({}).error().status == Status::invalid_value);
    const std::vector<Secret> empty(1);
    CHECK(KeyRing::make(empty).error().status == Status::invalid_value);
  }

  TEST_CASE("seal: compressed only where that is smaller, and only a session") {
    const auto keys = ring({secret_of_32});
    const std::string text(2000, 'h');
    const auto flag = [](std::string_view value) { return (*base64url::decode(value))[1]; };
    const auto value = sealed(keys, of_session, text);
    CHECK(flag(value) == (GATELET_HAVE_LZ4 ? 1 : 0));
    CHECK((value.size() < 200) == (GATELET_HAVE_LZ4 != 0));
    CHECK(opened(keys, of_session, value) == text);
    CHECK(flag(sealed(keys, {Purpose::login_state, host_name}, text)) == 0);
    const auto token = samples::token(2000);
    const auto plain = sealed(keys, of_session, token.reveal());
    CHECK(flag(plain) == 0);
    CHECK(plain.size() == base64url::encoded_size(18 + 24 + 2000 + 16, base64url::Padding::none));
  }

  TEST_CASE("open: content above the limit is refused, compressed or not") {
    const auto keys = ring({secret_of_32});
    for (const auto& content :
         {std::string(2000, 'h'), std::string(samples::token(2000).reveal())}) {
      const auto value = sealed(keys, of_session, content);
      CHECK(opened(keys, of_session, value, 2000) == content);
      CHECK(opened(keys, of_session, value, 1999) == "session_invalid");
    }
  }

  TEST_CASE("seal: without random bytes there is no value") {
    support::FailingEntropy entropy(0);
    CHECK(ring({another}).seal(of_session, "hello", begin, entropy).error().status ==
          Status::no_entropy);
  }

  TEST_CASE("claimed_native_time: a time for native values only") {
    for (const auto* text :
         {"", "a", "cGF5bG9hZA==|1767225600|MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU="})
      CHECK_FALSE(claimed_native_time(text));
    CHECK(claimed_native_time(sealed(ring({another}), of_session, "x", -5)) == -5);
  }

  TEST_CASE("open: many threads share one ring") {
    const auto keys = ring({another, secret_of_32});
    const auto value = sealed(ring({secret_of_32}), of_session, "hello");
    std::vector<std::thread> threads;
    std::vector<int> wrong(12, 0);
    for (auto& count : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) count += opened(keys, of_session, value) == "hello" ? 0 : 1;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(12, 0));
  }
}
