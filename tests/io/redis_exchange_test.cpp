#include "io/redis_exchange.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/instant.hpp"

using namespace gatelet;
using namespace gatelet::io;
using flow::StoreCall;
using Type = RedisReply::Type;
using What = StoreCall::What;

namespace {

// The words of a command, read back.
std::vector<std::string> words(const std::string& command) {
  RedisReplyReader reader;
  reader.feed(command);
  std::vector<std::string> words;
  const auto read = reader.take();
  REQUIRE(read);
  for (const auto& word : read->items) words.push_back(word.text);
  CHECK_FALSE(reader.take());
  return words;
}

using Words = std::vector<std::string>;

RedisReply reply(std::string_view bytes) {
  RedisReplyReader reader;
  reader.feed(bytes);
  return reader.take().value();
}

constexpr What all[] = {What::get,   What::put,  What::replace, What::swap,
                        What::erase, What::lock, What::extend,  What::unlock};

}  // namespace

TEST_SUITE("io/redis_exchange") {
  TEST_CASE("F-081: records are written and read by oauth2-proxy's commands") {
    CHECK(words(store_command(StoreCall::get("k"))) == Words{"GET", "k"});
    CHECK(words(store_command(StoreCall::erase("k"))) == Words{"DEL", "k"});
    const std::string record("\0\r\n*1", 5);
    const auto put = [&](Duration lifetime) {
      return words(store_command(StoreCall::put("k", record, lifetime)));
    };
    CHECK(put(168h) == Words{"SET", "k", record, "EX", "604800"});
    CHECK(put(90s) == Words{"SET", "k", record, "EX", "90"});
    CHECK(put(1500ms) == Words{"SET", "k", record, "PX", "1500"});
    CHECK(put(500ms) == Words{"SET", "k", record, "PX", "500"});
    CHECK(put(Duration::zero()) == Words{"SET", "k", record});
    CHECK(put(1ns) == Words{"SET", "k", record, "PX", "1"});
    const auto replace = [&](Duration lifetime) {
      return words(store_command(StoreCall::replace("k", record, lifetime)));
    };
    CHECK(replace(168h) == Words{"SET", "k", record, "XX", "EX", "604800"});
    CHECK(replace(500ms) == Words{"SET", "k", record, "XX", "PX", "500"});
    CHECK(replace(Duration::zero()) == Words{"SET", "k", record, "XX"});
    CHECK(put(-5s) == Words{"SET", "k", record, "PX", "1"});  // ended: not for good
  }

  TEST_CASE("F-081: locks are scripts over one key, with owner and lease as arguments") {
    const auto lock = words(store_command(StoreCall::lock("k.lock", "me", 2s)));
    CHECK(lock.size() == 6);
    CHECK(lock[0] == "EVAL");
    CHECK(Words(lock.begin() + 2, lock.end()) == Words{"1", "k.lock", "me", "2000"});
    const auto extend = words(store_command(StoreCall::extend("k.lock", "me", 1500us)));
    CHECK(Words(extend.begin() + 2, extend.end()) == Words{"1", "k.lock", "me", "2"});
    const auto unlock = words(store_command(StoreCall::unlock("k.lock", "me")));
    CHECK(Words(unlock.begin() + 2, unlock.end()) == Words{"1", "k.lock", "me"});
  }

  TEST_CASE("swap is a script over one key: what must be there, the record, its lifetime") {
    const auto swap = [](std::optional<std::string> expected, Duration lifetime) {
      auto all_words =
          words(store_command(StoreCall::swap("k", std::move(expected), "new", lifetime)));
      CHECK(all_words[0] == "EVAL");
      return Words(all_words.begin() + 2, all_words.end());
    };
    CHECK(swap("old", 2s) == Words{"1", "k", "old", "1", "new", "2000"});
    CHECK(swap("", 1500us) == Words{"1", "k", "", "1", "new", "2"});
    CHECK(swap(std::nullopt, Duration::zero()) == Words{"1", "k", "", "0", "new", "0"});
    CHECK(read_store_reply(What::swap, reply(":1\r\n")).value().was_there);
    CHECK_FALSE(read_store_reply(What::swap, reply(":0\r\n")).value().was_there);
  }

  TEST_CASE("what a reply means") {
    CHECK(read_store_reply(What::get, reply("$3\r\na\r\n\r\n")).value().record == "a\r\n");
    CHECK(read_store_reply(What::get, reply("$0\r\n\r\n")).value().record == "");
    CHECK_FALSE(read_store_reply(What::get, reply("$-1\r\n")).value().record);
    CHECK(read_store_reply(What::put, reply("+OK\r\n")).ok());
    CHECK(read_store_reply(What::replace, reply("+OK\r\n")).value().was_there);
    CHECK_FALSE(read_store_reply(What::replace, reply("$-1\r\n")).value().was_there);
    CHECK_FALSE(read_store_reply(What::erase, reply(":1\r\n")).value().is_owner);
    for (const auto what : {What::lock, What::extend, What::unlock}) {
      CHECK(read_store_reply(what, reply(":1\r\n")).value().is_owner);
      CHECK_FALSE(read_store_reply(what, reply(":0\r\n")).value().is_owner);
    }
  }

  TEST_CASE("RD-06: a reply of another type answers nothing") {
    const auto fits = [](std::string_view bytes, std::vector<What> which) {
      for (const auto what : all) {
        const bool expected = std::find(which.begin(), which.end(), what) != which.end();
        CAPTURE(bytes);
        CHECK(can_answer(what, reply(bytes)) == expected);
      }
    };
    fits("+OK\r\n", {What::put, What::replace});
    fits("+QUEUED\r\n", {});
    fits("+OKAY\r\n", {});
    fits("$2\r\nOK\r\n", {What::get});
    fits("$-1\r\n", {What::get, What::replace});
    fits("*0\r\n", {});
    fits("*1\r\n$1\r\na\r\n", {});
    fits(":0\r\n", {What::swap, What::erase, What::lock, What::extend, What::unlock});
    fits(":1\r\n", {What::swap, What::erase, What::lock, What::extend, What::unlock});
    fits(":2\r\n", {});
    fits(":-1\r\n", {});
    fits("-ERR\r\n", {std::begin(all), std::end(all)});
  }

  TEST_CASE("an error reply is told in our words, with its first word and nothing else of it") {
    const auto told = [](std::string_view bytes) {
      const auto result = read_store_reply(What::get, reply(bytes));
      CHECK(result.error().status == Status::store_unreachable);
      CHECK(result.error().text.find("canary") == std::string::npos);
      return result.error().text;
    };
    CHECK(told("-READONLY canary\r\n") ==
          "the session store refused: it is a replica, which takes no writes (READONLY)");
    for (const auto* word : {"NOAUTH", "WRONGPASS", "NOPERM", "LOADING", "MASTERDOWN", "MISCONF",
                             "OOM", "BUSY", "WRONGTYPE", "MOVED", "ASK", "CLUSTERDOWN"}) {
      const auto text = told("-" + std::string(word) + " canary\r\n");
      CHECK(text.ends_with("(" + std::string(word) + ")"));
      CHECK(text.find("answered with an error") == std::string::npos);
    }
    CHECK(told("-ERR canary\r\n") == "the session store refused: it answered with an error (ERR)");
    const std::string nameless = "the session store refused: it answered with an error";
    CHECK(told("-canary\r\n") == nameless);
    CHECK(told("-\r\n") == nameless);
    CHECK(told("-ERR\tcanary\r\n") == nameless);
    CHECK(told("-" + std::string(33, 'A') + " canary\r\n") == nameless);
  }

  TEST_CASE("RD-06: a command refused inside a script is told by its own word") {
    const auto word_of = [](const std::string& text) {
      return std::string(error_word(reply("-" + text + "\r\n")));
    };
    // As Redis 6 answers a script, and as Redis 7 does.
    const std::string running = "ERR Error running script (call to f_0123456789abcdef): ";
    const std::string where = "@user_script:1: @user_script: 1: ";
    CHECK(word_of(running + where + "-READONLY You can't write against a read only replica.") ==
          "READONLY");
    CHECK(word_of(running + where + "-OOM command not allowed") == "OOM");
    CHECK(word_of(running + where + "-MISCONF Errors writing") == "MISCONF");
    CHECK(word_of("READONLY You can't write. script: 01, on @user_script:1.") == "READONLY");

    CHECK(word_of(running + where + "-Broken by itself") == "");
    CHECK(word_of(running + "@user_script:1: attempt to index a nil value") == "ERR");
    CHECK(word_of("ERR something else: -READONLY canary") == "ERR");
    CHECK(word_of("canary Error running script (call to f_0): -READONLY x") == "");
    CHECK(error_word(RedisReply{RedisReply::Type::string, running + where + "-OOM x", 0, {}}) ==
          "");
  }

  TEST_CASE("signing in: without a user as Redis' own; selecting a database") {
    CHECK(words(sign_in_command(Secret("u"), Secret("p w"))) == Words{"AUTH", "u", "p w"});
    CHECK(words(sign_in_command(Secret(), Secret("pw"))) == Words{"AUTH", "default", "pw"});
    CHECK(words(sign_in_by_password_command(Secret("pw"))) == Words{"AUTH", "pw"});
    CHECK(words(select_command(3)) == Words{"SELECT", "3"});
    CHECK(is_ok(reply("+OK\r\n")));
    for (const auto* other : {"$2\r\nOK\r\n", "-OK\r\n", "+ok\r\n", "*1\r\n+OK\r\n"}) {
      CHECK_FALSE(is_ok(reply(other)));
    }
  }

  TEST_CASE("F-427: being told of changes is asked for in Redis' own words") {
    const auto text = [](const std::vector<std::string>& words) {
      std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
      for (const auto& word : words) {
        bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
      }
      return bytes;
    };
    CHECK(client_id_command() == text({"CLIENT", "ID"}));
    CHECK(tracking_command(42, {"app-", "b\r\n"}) ==
          text({"CLIENT", "TRACKING", "ON", "REDIRECT", "42", "BCAST", "PREFIX", "app-", "PREFIX",
                "b\r\n"}));
    CHECK(subscribe_command() == text({"SUBSCRIBE", "__redis__:invalidate"}));
    CHECK(ping_command() == text({"PING"}));
  }

  TEST_CASE("F-427: read_changed_keys takes lists of keys and nothing else") {
    using Type = RedisReply::Type;
    const auto string = [](std::string text) { return RedisReply{Type::string, text, 0, {}}; };
    const auto message = [&](std::string channel, RedisReply payload) {
      return RedisReply{
          Type::array, "", 0, {string("message"), string(channel), std::move(payload)}};
    };
    const std::string channel = "__redis__:invalidate";
    const auto some = read_changed_keys(
        message(channel, {Type::array, "", 0, {string("app-1"), string("app-2")}}));
    REQUIRE(some);
    CHECK_FALSE(some->all);
    CHECK(some->keys == std::vector<std::string>{"app-1", "app-2"});
    const auto all = read_changed_keys(message(channel, {}));
    REQUIRE(all);
    CHECK(all->all);
    CHECK(all->keys.empty());
    const auto none = read_changed_keys(message(channel, {Type::array, "", 0, {}}));
    REQUIRE(none);
    CHECK_FALSE(none->all);

    CHECK_FALSE(read_changed_keys({}));
    CHECK_FALSE(read_changed_keys(message("elsewhere", {})));
    CHECK_FALSE(read_changed_keys(message(channel, string("app-1"))));
    CHECK_FALSE(read_changed_keys(message(channel, {Type::integer, "", 1, {}})));
    CHECK_FALSE(read_changed_keys(message(channel, {Type::array, "", 0, {RedisReply{}}})));
    auto longer = message(channel, {});
    longer.items.emplace_back();
    CHECK_FALSE(read_changed_keys(std::move(longer)));
  }
}
