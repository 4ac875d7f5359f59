// Ground for tests of what speaks to Redis: a scripted server, and a store turned by hand.
#pragma once

#include <doctest/doctest.h>

#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/poll_waits.hpp"
#include "io/redis_reply.hpp"
#include "io/redis_store.hpp"
#include "support/http_server.hpp"

namespace gatelet::io::testing {

using SteadyClock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

// The number behind `mark` in a line of its own; nullopt: the client closed, or sent another line.
inline std::optional<std::size_t> read_count(support::HttpPeer& peer, char mark) {
  std::string line;
  while (!line.ends_with("\r\n")) {
    const auto byte = peer.read_bytes(1);
    if (!byte) return std::nullopt;
    line += *byte;
  }
  std::size_t count = 0;
  const auto* const end = line.data() + line.size() - 2;
  const auto [at, fault] = std::from_chars(line.data() + 1, end, count);
  if (line[0] != mark || fault != std::errc() || at != end) return std::nullopt;
  return count;
}

// The next command a client sent: a list of texts. nullopt: it closed, or sent something else.
inline std::optional<Words> read_command(support::HttpPeer& peer) {
  const auto num_words = read_count(peer, '*');
  if (!num_words) return std::nullopt;
  Words words;
  for (std::size_t i = 0; i < *num_words; ++i) {
    const auto size = read_count(peer, '$');
    auto text = size ? peer.read_bytes(*size + 2) : std::nullopt;
    if (!text) return std::nullopt;
    words.push_back(text->substr(0, *size));
  }
  return words;
}

inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// Answers each command by `answer`, which may return nothing to say.
inline support::HttpServer::Script answer_each(
    std::function<std::string(support::HttpPeer&, const Words&)> answer) {
  return [answer = std::move(answer)](support::HttpPeer& peer) {
    while (const auto command = read_command(peer)) {
      const auto text = answer(peer, *command);
      if (!text.empty() && !peer.send(text)) return;
    }
  };
}

// Every key's record is the key.
inline std::string echo(const Words& command) {
  return command[0] == "GET" ? bulk(command[1]) : "+OK\r\n";
}
inline support::HttpServer::Script echo_keys() {
  return answer_each([](support::HttpPeer&, const Words& command) { return echo(command); });
}

// What a server that tells of changed keys answers.
inline const std::string subscribed =
    "*3\r\n" + bulk("subscribe") + bulk("__redis__:invalidate") + ":1\r\n";
inline const std::string pong = "*2\r\n" + bulk("pong") + bulk("");
inline std::string as_redis(const Words& command) {
  if (command[0] == "PING") return pong;
  if (command[0] == "SUBSCRIBE") return subscribed;
  if (command[0] == "CLIENT") return command[1] == "ID" ? ":7\r\n" : "+OK\r\n";
  return echo(command);
}

inline RedisPlan plan_for(RedisEndpoint server) {
  RedisPlan plan;
  plan.servers.push_back(std::move(server));
  return plan;
}

struct TurnedStore {
  explicit TurnedStore(http::RedisUrl url, RedisPoolLimits limits = {}, Duration timeout = 5s,
                       std::shared_ptr<const TlsServer> tls = nullptr,
                       NameLookups::Resolve resolve = {})
      : TurnedStore(plan_for(RedisEndpoint{std::move(url), std::move(tls)}), limits, timeout,
                    std::move(resolve)) {}
  explicit TurnedStore(RedisPlan plan, RedisPoolLimits limits = {}, Duration timeout = 5s,
                       NameLookups::Resolve resolve = {})
      : store(std::move(plan), limits, timeout, std::move(resolve)) {}

  // One round of what the driver does.
  void turn(Duration at_most = 50ms) {
    turn_once(store, at_most);
    ++num_turns;
  }
  bool turn_until(const std::function<bool()>& holds, Duration patience = 10s) {
    const auto deadline = SteadyClock::now() + patience;
    while (!holds()) {
      if (SteadyClock::now() >= deadline) return false;
      turn();
    }
    return true;
  }

  // Whether the route, having found something out, goes on within so long.
  bool turn_until_due_within(Duration limit) {
    const auto& route = store.route();
    auto num_before = route.num_findings();
    return turn_until([&] {
      const auto num_found = route.num_findings();
      const bool has_found = std::exchange(num_before, num_found) != num_found;
      const auto due = route.next_deadline();
      return has_found && due && *due - SteadyClock::now() <= limit;
    });
  }

  using Answer = Result<flow::StoreReply>;
  // Begins; the answer will be in `answers` under the number returned.
  Store::Id begin(flow::StoreCall call) {
    const auto id = ++last;
    store.start(id, std::move(call),
                [this, id](Answer answer) { answers.emplace(id, std::move(answer)); });
    return id;
  }
  Answer wait_for(Store::Id id) {
    if (!turn_until([&] { return answers.contains(id); })) {
      return Error{Status::internal, "no answer within ten seconds"};
    }
    return std::move(answers.extract(id).mapped());
  }
  Answer ask(flow::StoreCall call) { return wait_for(begin(std::move(call))); }
  Answer get(std::string key) { return ask(flow::StoreCall::get(std::move(key))); }

  RedisStore store;
  std::map<Store::Id, Answer> answers;
  Store::Id last = 0;
  int num_turns = 0;
};

inline http::RedisUrl url_of(const support::HttpServer& server, const std::string& before = "",
                             const std::string& behind = "") {
  return http::parse_redis_url("redis://" + before + "127.0.0.1:" + std::to_string(server.port()) +
                               behind)
      .value();
}

inline bool fails(const Result<flow::StoreReply>& result, std::string_view text) {
  if (result.ok()) return false;
  const auto& error = result.error();
  if (error.status == Status::store_unreachable && error.text.find(text) != std::string::npos)
    return true;
  MESSAGE(status_name(error.status), ": ", error.text);
  return false;
}

}  // namespace gatelet::io::testing
