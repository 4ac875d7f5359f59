#include "io/redis_exchange.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "http/ascii.hpp"

namespace gatelet::io {
namespace {

using What = flow::StoreCall::What;
using Type = RedisReply::Type;

// A lock that its owner asks for again, since an answer was lost, is the owner's.
constexpr std::string_view lock_script =
    "if redis.call('set',KEYS[1],ARGV[1],'NX','PX',ARGV[2]) then return 1 end "
    "if redis.call('get',KEYS[1])~=ARGV[1] then return 0 end "
    "redis.call('pexpire',KEYS[1],ARGV[2]) return 1";
// ARGV: what must be there ("" and 0, or the bytes and 1), the record, its lifetime in milliseconds
// or 0. A script sees false where nothing is.
constexpr std::string_view swap_script =
    "local is=redis.call('get',KEYS[1]) "
    "if is~=ARGV[3] and (ARGV[2]=='1' and is~=ARGV[1] or ARGV[2]=='0' and is) then return 0 end "
    "if ARGV[4]=='0' then redis.call('set',KEYS[1],ARGV[3]) "
    "else redis.call('set',KEYS[1],ARGV[3],'PX',ARGV[4]) end return 1";
constexpr std::string_view extend_script =
    "if redis.call('get',KEYS[1])~=ARGV[1] then return 0 end "
    "redis.call('pexpire',KEYS[1],ARGV[2]) return 1";
constexpr std::string_view unlock_script =
    "if redis.call('get',KEYS[1])~=ARGV[1] then return 0 end "
    "redis.call('del',KEYS[1]) return 1";

// Where Redis publishes which keys were changed.
constexpr std::string_view changes_channel = "__redis__:invalidate";

struct FreeCommand {
  std::size_t size;
  void operator()(char* text) const noexcept {
    wipe(text, size);  // may hold a password
    redisFreeCommand(text);
  }
};

// Redis keeps nothing for no time at all.
std::string milliseconds(Duration time) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return std::to_string(std::max<decltype(whole)>(whole, 1));
}

std::string put_command(const flow::StoreCall& call) {
  const bool replaces = call.what == What::replace;
  if (call.lifetime == Duration::zero()) {
    return replaces ? redis_command({"SET", call.key, call.value, "XX"})
                    : redis_command({"SET", call.key, call.value});
  }
  const bool is_whole =
      call.lifetime % std::chrono::seconds(1) == Duration::zero() && call.lifetime > Duration{};
  const auto unit = is_whole ? "EX" : "PX";
  const auto time = is_whole ? std::to_string(call.lifetime / std::chrono::seconds(1))
                             : milliseconds(call.lifetime);
  return replaces ? redis_command({"SET", call.key, call.value, "XX", unit, time})
                  : redis_command({"SET", call.key, call.value, unit, time});
}

std::string swap_command(const flow::StoreCall& call) {
  const auto lifetime = call.lifetime == Duration::zero() ? "0" : milliseconds(call.lifetime);
  return redis_command({"EVAL", swap_script, "1", call.key, call.expected ? *call.expected : "",
                        call.expected ? "1" : "0", call.value, lifetime});
}

std::string_view meaning(std::string_view word) noexcept {
  constexpr std::pair<std::string_view, std::string_view> meanings[] = {
      {"NOAUTH", "it asks for a user and password (redis_username, redis_password)"},
      {"WRONGPASS", "user or password is wrong (redis_username, redis_password)"},
      {"NOPERM", "its rules forbid this user a command or a key"},
      {"LOADING", "it is still loading its data"},
      {"READONLY", "it is a replica, which takes no writes"},
      {"MASTERDOWN", "it is a replica that has lost its primary"},
      {"MISCONF", "it cannot save to disk and takes no writes"},
      {"OOM", "it has no memory left"},
      {"BUSY", "it is busy with a script"},
      {"WRONGTYPE", "a key of ours holds something that is not ours"},
      {"MOVED", "it is part of a cluster (redis_use_cluster)"},
      {"ASK", "it is part of a cluster (redis_use_cluster)"},
      {"CLUSTERDOWN", "its cluster is down"},
      {"TRYAGAIN", "its cluster is moving the key"},
  };
  for (const auto& [name, text] : meanings) {
    if (name == word) return text;
  }
  return "it answered with an error";
}

// Before Redis 7 a script whose command was refused answers in its own words, the command's behind:
// "ERR Error running script (call to f_...): @user_script:1: @user_script: 1: -READONLY You ...".
std::optional<std::string_view> refused_in_script(std::string_view text) noexcept {
  constexpr std::string_view begin = "ERR Error running script (call to ", refusal = ": -";
  if (!text.starts_with(begin)) return std::nullopt;
  const auto place = text.find(refusal);
  if (place == std::string_view::npos) return std::nullopt;
  return text.substr(place + refusal.size());
}

}  // namespace

std::string redis_command(std::initializer_list<std::string_view> words) {
  return redis_command(std::span(words.begin(), words.size()));
}

std::string redis_command(std::span<const std::string_view> words) {
  std::vector<const char*> data;
  std::vector<std::size_t> sizes;
  data.reserve(words.size());
  sizes.reserve(words.size());
  for (const auto& word : words) {
    data.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  const auto size =
      redisFormatCommandArgv(&text, static_cast<int>(words.size()), data.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  const std::unique_ptr<char, FreeCommand> owner(text, {static_cast<std::size_t>(size)});
  return {text, static_cast<std::size_t>(size)};
}

std::string store_command(const flow::StoreCall& call) {
  switch (call.what) {
    case What::get: return redis_command({"GET", call.key});
    case What::put:
    case What::replace: return put_command(call);
    case What::swap: return swap_command(call);
    case What::erase: return redis_command({"DEL", call.key});
    case What::lock:
      return redis_command(
          {"EVAL", lock_script, "1", call.key, call.value, milliseconds(call.lifetime)});
    case What::extend:
      return redis_command(
          {"EVAL", extend_script, "1", call.key, call.value, milliseconds(call.lifetime)});
    case What::unlock: return redis_command({"EVAL", unlock_script, "1", call.key, call.value});
  }
  unreachable();
}

bool can_answer(What what, const RedisReply& reply) noexcept {
  if (reply.type == Type::error) return true;
  switch (what) {
    case What::get:
      return reply.type == Type::string || reply.type == Type::nil || reply.type == Type::too_large;
    case What::put: return is_ok(reply);
    case What::replace: return is_ok(reply) || reply.type == Type::nil;
    case What::swap:
    case What::erase:
    case What::lock:
    case What::extend:
    case What::unlock:
      return reply.type == Type::integer && (reply.number == 0 || reply.number == 1);
  }
  unreachable();
}

Result<flow::StoreReply> read_store_reply(What what, RedisReply reply) {
  if (reply.type == Type::error) return refusal(reply);
  if (reply.type == Type::too_large) {
    return Error{Status::session_too_large, "a record in the session store has more than 1 MiB"};
  }
  flow::StoreReply answer;
  if (what == What::get && reply.type == Type::string) answer.record = std::move(reply.text);
  answer.was_there = what == What::swap ? reply.number == 1 : what == What::replace && is_ok(reply);
  const bool is_about_lock = what == What::lock || what == What::extend || what == What::unlock;
  answer.is_owner = is_about_lock && reply.number == 1;
  return answer;
}

std::string sign_in_command(const Secret& user, const Secret& password) {
  return redis_command({"AUTH", user.empty() ? "default" : user.reveal(), password.reveal()});
}

std::string sign_in_by_password_command(const Secret& password) {
  return redis_command({"AUTH", password.reveal()});
}

std::string select_command(int database) {
  return redis_command({"SELECT", std::to_string(database)});
}

std::string client_id_command() { return redis_command({"CLIENT", "ID"}); }

std::string tracking_command(long long client_id, const std::vector<std::string>& prefixes) {
  const auto id = std::to_string(client_id);
  std::vector<std::string_view> words = {"CLIENT", "TRACKING", "ON", "REDIRECT", id, "BCAST"};
  for (const auto& prefix : prefixes) words.insert(words.end(), {"PREFIX", prefix});
  return redis_command(words);
}

std::string subscribe_command() { return redis_command({"SUBSCRIBE", changes_channel}); }
std::string ping_command() { return redis_command({"PING"}); }

std::optional<long long> read_client_id(const RedisReply& reply) noexcept {
  if (reply.type != Type::integer || reply.number <= 0) return std::nullopt;
  return reply.number;
}

bool is_subscribed(const RedisReply& reply) noexcept {
  return reply.items.size() == 3 && reply.items[0].text == "subscribe" &&
         reply.items[1].text == changes_channel && reply.items[2].number == 1;
}

bool is_pong(const RedisReply& reply) noexcept {
  return reply.items.size() == 2 && reply.items[0].text == "pong";
}

bool is_message(const RedisReply& reply) noexcept {
  return reply.items.size() == 3 && reply.items[0].text == "message";
}

std::optional<ChangedKeys> read_changed_keys(RedisReply message) {
  if (!is_message(message) || message.items[1].text != changes_channel) return std::nullopt;
  auto& told = message.items[2];
  ChangedKeys changed;
  changed.all = told.type == Type::nil;
  if (!changed.all && told.type != Type::array) return std::nullopt;
  changed.keys.reserve(told.items.size());
  for (auto& key : told.items) {
    if (key.type != Type::string) return std::nullopt;
    changed.keys.push_back(std::move(key.text));
  }
  return changed;
}

bool is_ok(const RedisReply& reply) noexcept {
  return reply.type == Type::status && reply.text == "OK";
}

std::string_view error_word(const RedisReply& reply) noexcept {
  if (reply.type != Type::error) return {};
  const auto text = refused_in_script(reply.text).value_or(reply.text);
  const auto word = text.substr(0, text.find(' '));
  const bool is_word = word.size() <= 32 && std::all_of(word.begin(), word.end(), [](char c) {
                         return c >= 'A' && c <= 'Z';
                       });
  return is_word ? word : std::string_view();
}

Error refusal(const RedisReply& reply) {
  const auto word = error_word(reply);
  auto text = "the session store refused: " + std::string(meaning(word));
  if (!word.empty()) text.append(" (").append(word).append(")");
  return {Status::store_unreachable, std::move(text)};
}

}  // namespace gatelet::io
