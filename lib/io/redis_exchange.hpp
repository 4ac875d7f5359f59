// What is asked of a Redis server, and what its reply means: pairs of a command as bytes and the
// judgement of the reply. No socket, no clock.
//
// Keys and values are oauth2-proxy's (record: SET with EX or PX; lock: a key with the owner's
// token, taken, extended and released by scripts that compare it), so that a mixed fleet shares
// both.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "flow/effect.hpp"
#include "io/redis_reply.hpp"

namespace gatelet::io {

// As it is sent. Failure: std::bad_alloc.
std::string redis_command(std::initializer_list<std::string_view> words);
std::string redis_command(std::span<const std::string_view> words);

std::string store_command(const flow::StoreCall& call);

// Whether such a reply, or an error reply, can follow the command. Where it cannot, replies and
// commands have come apart, or no Redis is there: nothing more on this connection may be believed.
bool can_answer(flow::StoreCall::What what, const RedisReply& reply) noexcept;

// Requires can_answer().
//   Failure: as refusal(); Status::session_too_large: there is a record, above max_reply_size.
Result<flow::StoreReply> read_store_reply(flow::StoreCall::What what, RedisReply reply);

// Without a user it is Redis' own, "default"; servers before 6.0 know no user: sign_in_by_password.
std::string sign_in_command(const Secret& user, const Secret& password);
std::string sign_in_by_password_command(const Secret& password);
std::string select_command(int database);

// Being told of changed keys, over RESP2: a connection learns its own number, asks for what is
// about these prefixes to be sent to itself, and subscribes to it. Then it may only ping.
std::string client_id_command();
std::string tracking_command(long long client_id, const std::vector<std::string>& prefixes);
std::string subscribe_command();
std::string ping_command();
std::optional<long long> read_client_id(const RedisReply& reply) noexcept;
bool is_subscribed(const RedisReply& reply) noexcept;
bool is_pong(const RedisReply& reply) noexcept;  // of a connection that has subscribed

// Something published, which no command asked for.
bool is_message(const RedisReply& reply) noexcept;

struct ChangedKeys {
  bool all = false;  // the whole database was emptied, or all of them were
  std::vector<std::string> keys;
};
// What a message says; nullopt: it is none about changed keys.
std::optional<ChangedKeys> read_changed_keys(RedisReply message);

// "OK" is all that answers signing in and selecting.
bool is_ok(const RedisReply& reply) noexcept;

// The first word of an error reply, "READONLY"; empty when it is none of capitals. Where a script's
// command was refused it is that command's, whatever the server's version wraps around it.
std::string_view error_word(const RedisReply& reply) noexcept;

// What an error reply means: Status::store_unreachable, in our words and with its first word.
Error refusal(const RedisReply& reply);

}  // namespace gatelet::io
