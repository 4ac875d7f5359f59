// What is asked of a Redis server, and what its reply means: pairs of a command as bytes and the
// judgement of the reply. No socket, no clock.
//
// Keys and values are oauth2-proxy's (record: SET with EX or PX; lock: a key with the owner's
// token, taken, extended and released by scripts that compare it), so that a mixed fleet shares
// both.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "flow/effect.hpp"
#include "io/redis_reply.hpp"

namespace gatelet::io {

// As it is sent. Failure: std::bad_alloc.
std::string redis_command(std::initializer_list<std::string_view> words);

std::string store_command(const flow::StoreCall& call);

// Whether such a reply, or an error reply, can follow the command. Where it cannot, replies and
// commands have come apart, or no Redis is there: nothing more on this connection may be believed.
bool can_answer(flow::StoreCall::What what, const RedisReply& reply) noexcept;

// Requires can_answer().
//   Failure: as refusal().
Result<flow::StoreReply> read_store_reply(flow::StoreCall::What what, RedisReply reply);

// Without a user it is Redis' own, "default"; servers before 6.0 know no user: sign_in_by_password.
std::string sign_in_command(const Secret& user, const Secret& password);
std::string sign_in_by_password_command(const Secret& password);
std::string select_command(int database);

// "OK" is all that answers signing in and selecting.
bool is_ok(const RedisReply& reply) noexcept;

// The first word of an error reply, "READONLY"; empty when it is none of capitals.
std::string_view error_word(const RedisReply& reply) noexcept;

// What an error reply means: Status::store_unreachable, in our words and with its first word.
Error refusal(const RedisReply& reply);

}  // namespace gatelet::io
