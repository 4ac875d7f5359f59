#include "session/session_index.hpp"

#include <doctest/doctest.h>

#include <set>

#include "base/instant.hpp"
#include "samples.hpp"
#include "session/native_seal.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;

namespace {

const Instant now = at_unix(begin);

IndexEntry entry(std::string ticket, std::int64_t signed_in) {
  IndexEntry out;
  out.ticket_id = std::move(ticket);
  out.signed_in_at = {signed_in, 5};
  out.seen_at = {signed_in + 1, 0};
  out.client = "203.0.113.7";
  out.user_agent = "Browser/1";
  return out;
}

std::string sealed(const CookieKeys& keys, std::string_view key,
                   const std::vector<IndexEntry>& entries) {
  support::SeededEntropy entropy;
  return seal_index(keys, key, entries, now, entropy).value();
}

}  // namespace

TEST_SUITE("session/session_index") {
  TEST_CASE("the key tells neither person nor secret, and is no ticket's") {
    SessionSettings settings;
    const auto one = samples::keys(), other = samples::keys("another secret, as long as a key");
    const auto keys_of = [&](const CookieKeys& keys, const Subject& who) {
      return index_keys(settings, keys, who).value();
    };
    const auto jane = keys_of(*one, {"default", "jane"});
    REQUIRE(jane.size() == 1);
    CHECK(jane[0].starts_with("__Host-gatelet-sessions-"));
    CHECK(jane[0].size() == std::string("__Host-gatelet-sessions-").size() + 32);
    CHECK(jane[0].find("jane") == std::string::npos);
    CHECK(jane == keys_of(*one, {"default", "jane"}));
    // Each of these is somebody else.
    std::set<std::string> seen = {jane[0]};
    for (const auto& who : {Subject("default", "joan"), Subject("google", "jane"),
                            Subject("default ", "jane"), Subject("defaul", "t jane")}) {
      CHECK(seen.insert(keys_of(*one, who)[0]).second);
    }
    CHECK(seen.insert(keys_of(*other, {"default", "jane"})[0]).second);
  }

  TEST_CASE("F-246: the key by each secret, the current one first") {
    SessionSettings settings;
    const Secret before[] = {Secret("another secret, as long as a key")};
    const auto ring = CookieKeys::make(Secret("0123456789!bcdef0123456789!bcdef"), before).value();
    const auto keys = index_keys(settings, *ring, {"default", "jane"}).value();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0] == index_keys(settings, *samples::keys(), {"default", "jane"}).value()[0]);
    const auto old = samples::keys("another secret, as long as a key");
    CHECK(keys[1] == index_keys(settings, *old, {"default", "jane"}).value()[0]);
    // What was sealed before is read.
    const auto record = sealed(*old, keys[1], {entry("a", 1)});
    CHECK(open_index(*ring, keys[1], record, now).ok());
  }

  TEST_CASE("entries come back whole, and nothing of them can be read in the record") {
    const auto keys = samples::keys();
    auto second = entry("ticket-two", 7);
    second.ends_at = Timestamp{900, 1};
    second.client.clear();
    const std::vector<IndexEntry> entries = {entry("ticket-one", 5), second};
    const auto record = sealed(*keys, "key", entries);
    CHECK(open_index(*keys, "key", record, now).value() == entries);
    CHECK(record.find("ticket") == std::string::npos);
    CHECK(open_index(*keys, "key", sealed(*keys, "key", {}), now).value().empty());
  }

  TEST_CASE("another person's record, another purpose's, a cut or changed one: refused") {
    const auto keys = samples::keys();
    const auto record = sealed(*keys, "key", {entry("a", 5)});
    CHECK_FALSE(open_index(*keys, "kex", record, now).ok());
    CHECK_FALSE(
        open_index(*samples::keys("another secret, as long as a key"), "key", record, now).ok());
    support::SeededEntropy entropy;
    const auto ticket =
        keys->native().seal({Purpose::ticket, "key"}, "\x90", begin, entropy).value();
    CHECK_FALSE(open_index(*keys, "key", ticket, now).ok());
    for (std::size_t i = 0; i < record.size(); ++i) {
      auto changed = record;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK_FALSE(open_index(*keys, "key", changed, now).ok());
      CHECK_FALSE(open_index(*keys, "key", record.substr(0, i), now).ok());
    }
  }

  TEST_CASE("content that is none: refused, without taking memory for what it claims") {
    const auto keys = samples::keys();
    support::SeededEntropy entropy;
    const std::string contents[] = {
        "",                                   // nothing
        "\x80",                               // a map
        std::string("\x90\x00", 2),           // bytes behind its end
        std::string("\xdd\xff\xff\xff\xff"),  // four thousand million entries
        "\x91\x90",                           // an entry of no fields
        std::string("\x91\x96\xa1"
                    "a\xa1"
                    "b\xa1"
                    "c\xc0\xa0\xa0"),  // texts for times
        std::string("\x91\xa1"
                    "a"),  // a text for an entry
    };
    for (const auto& content : contents) {
      const auto record =
          keys->native().seal({Purpose::session_index, "key"}, content, begin, entropy).value();
      const auto opened = open_index(*keys, "key", record, now);
      REQUIRE_FALSE(opened.ok());
      CHECK(opened.error().status == Status::session_invalid);
    }
  }

  TEST_CASE("put_entry: in the place of the same ticket, which keeps where it came from") {
    std::vector<IndexEntry> entries = {entry("a", 5), entry("b", 6)};
    auto renewed = entry("a", 5);
    renewed.seen_at = {50, 0};
    renewed.client.clear();
    renewed.user_agent.clear();
    put_entry(entries, renewed, {10, 0});
    REQUIRE(entries.size() == 2);
    CHECK(entries[1].ticket_id == "a");
    CHECK(entries[1].seen_at == Timestamp{50, 0});
    CHECK(entries[1].client == "203.0.113.7");
    CHECK(entries[1].user_agent == "Browser/1");
  }

  TEST_CASE("put_entry: what has ended goes, to the nanosecond") {
    std::vector<IndexEntry> entries = {entry("over", 5), entry("on", 5), entry("for good", 5)};
    entries[0].ends_at = Timestamp{10, 7};
    entries[1].ends_at = Timestamp{10, 8};
    put_entry(entries, entry("new", 9), {10, 7});
    std::vector<std::string> left;
    for (const auto& one : entries) left.push_back(one.ticket_id);
    CHECK(left == std::vector<std::string>{"on", "for good", "new"});
  }

  TEST_CASE("put_entry: bounded; the oldest sign-in goes, and the whole still opens") {
    std::vector<IndexEntry> entries;
    for (std::size_t i = 0; i < max_index_entries; ++i) {
      put_entry(entries, entry("t" + std::to_string(i), 1000 - static_cast<int>(i)), {1, 0});
    }
    put_entry(entries, entry("one more", 2000), {1, 0});
    CHECK(entries.size() == max_index_entries);
    CHECK(entries.back().ticket_id == "one more");
    CHECK(entries[0].ticket_id == "t0");
    CHECK(entries[max_index_entries - 2].ticket_id == "t510");
    const auto keys = samples::keys();
    CHECK(open_index(*keys, "key", sealed(*keys, "key", entries), now).value() == entries);
  }
}
