// The ways an effect can go wrong, and whose fault each is.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/effect.hpp"

namespace gatelet::support {

enum class Kind {
  unreachable,
  timeout,
  refused,
  broken,
  truncated,
  oversized,
  wrong_type,
  garbage,
  late
};
inline const std::pair<Kind, std::string> kinds[] = {{Kind::unreachable, "unreachable"},
                                                     {Kind::timeout, "timeout"},
                                                     {Kind::refused, "4xx"},
                                                     {Kind::broken, "5xx"},
                                                     {Kind::truncated, "truncated"},
                                                     {Kind::oversized, "oversized"},
                                                     {Kind::wrong_type, "wrong type"},
                                                     {Kind::garbage, "garbage"},
                                                     {Kind::late, "late"}};

// Whose fault it is: nobody answers in a usable way now, or what was answered is unacceptable.
inline StatusClass blame_of(Kind kind) {
  const bool is_absence =
      kind == Kind::unreachable || kind == Kind::timeout || kind == Kind::broken;
  return is_absence ? StatusClass::unavailable : StatusClass::peer;
}

inline HttpReply json_answer(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.fields.push_back({"Content-Type", "application/json"});
  reply.body = std::move(body);
  return reply;
}

inline Result<flow::Outcome> spoilt_call(Kind kind, const Result<flow::Outcome>& good) {
  const auto& reply = std::get<HttpReply>(*good);
  switch (kind) {
    case Kind::unreachable: return Error{Status::provider_unreachable, "connection refused"};
    case Kind::timeout: return Error{Status::timed_out, "no answer in time"};
    case Kind::refused:
      return flow::Outcome(json_answer(
          400, R"({"error":"invalid_request","error_description":"description-canary"})"));
    case Kind::broken: return flow::Outcome(json_answer(500, "<html>stack-trace-canary"));
    case Kind::truncated:
      return flow::Outcome(json_answer(200, reply.body.substr(0, reply.body.size() / 2)));
    case Kind::oversized: return Error{Status::provider_bad_answer, "more than 1048576 bytes"};
    case Kind::wrong_type: return flow::Outcome(json_answer(200, R"(["type-canary"])"));
    case Kind::garbage: return flow::Outcome(json_answer(200, "\x01\xff garbage-canary \x80"));
    case Kind::late: return good;
  }
  return good;
}

inline Result<flow::Outcome> spoilt_refetch(Kind kind, const Result<flow::Outcome>& good) {
  switch (kind) {
    case Kind::unreachable: return Error{Status::provider_unreachable, "connection refused"};
    case Kind::timeout: return Error{Status::timed_out, "no answer in time"};
    case Kind::broken: return Error{Status::provider_unavailable, "500"};
    case Kind::refused: return Error{Status::provider_refused, "400"};
    case Kind::truncated:
    case Kind::oversized:
    case Kind::wrong_type:
    case Kind::garbage: return Error{Status::provider_bad_answer, "no document"};
    case Kind::late: return good;
  }
  return good;
}

// Nobody is there to look, or the password is another.
inline Result<flow::Outcome> spoilt_check(Kind kind, const Result<flow::Outcome>& good) {
  if (kind == Kind::late) return good;
  if (blame_of(kind) == StatusClass::peer) return flow::Outcome(flow::PasswordChecked{});
  const auto status = kind == Kind::timeout ? Status::timed_out : Status::too_many_operations;
  return Error{status, "not looked at"};
}

// A store is there or is not; what it has may be anything. What it answers to a write has no
// content that could be wrong: whoever speaks to it takes care of that.
inline Result<flow::Outcome> spoilt_store(Kind kind, const flow::StoreCall& call,
                                          const Result<flow::Outcome>& good) {
  if (kind == Kind::late) return good;
  if (blame_of(kind) == StatusClass::unavailable) {
    return Error{Status::store_unreachable, "the store does not answer"};
  }
  if (call.what != flow::StoreCall::What::get) return good;
  auto reply = std::get<flow::StoreReply>(*good);
  if (!reply.record) return good;
  switch (kind) {
    case Kind::truncated: reply.record->resize(reply.record->size() / 2); break;
    case Kind::oversized: reply.record->append(2 * 1024 * 1024, 'x'); break;
    case Kind::wrong_type: *reply.record = "type-canary"; break;
    default: *reply.record = "\x01\xff garbage-canary \x80 and more than twenty-eight bytes of it";
  }
  return flow::Outcome(std::move(reply));
}

// The host says no, or nobody came to ask it: a driver calls both a veto, and a flow that is told
// of anything else must not go on either.
inline Result<flow::Outcome> spoilt_hook(Kind kind, const Result<flow::Outcome>& good) {
  if (kind == Kind::late) return good;
  const bool is_veto = blame_of(kind) == StatusClass::peer;
  return Error{is_veto ? Status::vetoed : Status::timed_out, "no word from the host"};
}

inline flow::Reply spoilt(Kind kind, const flow::Effect& effect, flow::Reply good) {
  if (kind == Kind::late) good.arrived = good.arrived + 3h;
  if (!good.outcome.ok()) return good;
  if (std::holds_alternative<HttpCall>(effect)) good.outcome = spoilt_call(kind, good.outcome);
  if (std::holds_alternative<flow::Refetch>(effect))
    good.outcome = spoilt_refetch(kind, good.outcome);
  if (std::holds_alternative<flow::PasswordCheck>(effect))
    good.outcome = spoilt_check(kind, good.outcome);
  if (std::holds_alternative<flow::HookCall>(effect))
    good.outcome = spoilt_hook(kind, good.outcome);
  if (const auto* call = std::get_if<flow::StoreCall>(&effect))
    good.outcome = spoilt_store(kind, *call, good.outcome);
  return good;
}

}  // namespace gatelet::support
