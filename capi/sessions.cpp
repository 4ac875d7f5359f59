// Sessions of one person.
#include <gatelet/unstable/sessions.h>

#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

struct gatelet_sessions {
  Sessions sessions;
};

namespace {

// `ask` maps (engine, person) to an Outcome.
template <class Ask>
gatelet_status answer(const gatelet_engine* engine, gatelet_str provider, gatelet_str subject,
                      gatelet_sessions** out, gatelet_op** pending, gatelet_error* error,
                      Ask&& ask) {
  return capi::answer(engine, out, pending, error, [&](const Engine& e) -> Outcome<Sessions> {
    if (!is_text(provider) || !is_text(subject))
      return invalid_argument("provider or subject has a size but no data");
    return ask(e, Person{view(provider), view(subject)});
  });
}

// With a request that may be absent.
template <class Call>
Outcome<Sessions> with_request(const gatelet_request* in, Call&& call) {
  if (in == nullptr) return call(nullptr);
  Request request;
  if (auto read = request.read(in); !read.ok()) return std::move(read).error();
  return call(&request.view());
}

Operation<Sessions>* sessions_of(gatelet_op* op) noexcept {
  return std::get_if<Operation<Sessions>>(&op->operation);
}

Error other_answer() {
  return {Status::invalid_state, "this operation answers with a decision; see gatelet_op_wait"};
}

void call(gatelet_sessions_fn done, void* user, Result<Sessions> result) {
  gatelet_sessions* sessions = nullptr;
  gatelet_error error = GATELET_ERROR_INIT;
  const auto status = guard(&error, [&]() -> Result<void> {
    if (!result.ok()) return std::move(result).error();
    sessions = new gatelet_sessions{std::move(result).value()};
    return {};
  });
  try {
    done(status, sessions, &error, user);
  } catch (...) {
    // A host's exception must not unwind through the loop; it is the host's to catch.
  }
}

int64_t seconds(std::chrono::sys_seconds at) noexcept { return at.time_since_epoch().count(); }

}  // namespace

gatelet_status gatelet_list_sessions(const gatelet_engine* engine, gatelet_str provider,
                                     gatelet_str subject, const gatelet_request* current,
                                     gatelet_sessions** out, gatelet_op** pending,
                                     gatelet_error* error) {
  return answer(
      engine, provider, subject, out, pending, error, [&](const Engine& e, const Person& who) {
        return with_request(current, [&](const RequestView* r) { return e.list_sessions(who, r); });
      });
}

gatelet_status gatelet_revoke_session(const gatelet_engine* engine, gatelet_str provider,
                                      gatelet_str subject, gatelet_str handle,
                                      gatelet_sessions** out, gatelet_op** pending,
                                      gatelet_error* error) {
  return answer(engine, provider, subject, out, pending, error,
                [&](const Engine& e, const Person& who) -> Outcome<Sessions> {
                  if (!is_text(handle)) return invalid_argument("handle has a size but no data");
                  return e.revoke_session(who, view(handle));
                });
}

gatelet_status gatelet_revoke_sessions(const gatelet_engine* engine, gatelet_str provider,
                                       gatelet_str subject, const gatelet_request* kept,
                                       gatelet_sessions** out, gatelet_op** pending,
                                       gatelet_error* error) {
  return answer(
      engine, provider, subject, out, pending, error, [&](const Engine& e, const Person& who) {
        return with_request(kept, [&](const RequestView* r) { return e.revoke_sessions(who, r); });
      });
}

gatelet_status gatelet_op_wait_sessions(gatelet_op* op, int timeout_ms, gatelet_sessions** out,
                                        gatelet_error* error) {
  if (out != nullptr) *out = nullptr;
  return guard(error, [&]() -> Result<void> {
    if (op == nullptr || out == nullptr) return invalid_argument("op and out are required");
    auto* operation = sessions_of(op);
    if (operation == nullptr) return other_answer();
    auto result = operation->wait(deadline_after(timeout_ms));
    if (result.ok() || is_final(result.error().status)) op->is_settled = true;
    if (!result.ok()) return std::move(result).error();
    *out = new gatelet_sessions{std::move(result).value()};
    return {};
  });
}

gatelet_status gatelet_op_on_sessions(gatelet_op* op, gatelet_sessions_fn done, void* user,
                                      void (*drop_user)(void* user)) {
  return guard(nullptr, [&]() -> Result<void> {
    const User kept(user, drop_user);
    if (op == nullptr || done == nullptr) return invalid_argument("op and done are required");
    auto* operation = sessions_of(op);
    if (operation == nullptr) return other_answer();
    if (operation->is_forked()) return forked_error();
    return settle_by(*op, [&] {
      operation->on_done([done, kept](auto result) { call(done, kept.get(), std::move(result)); });
    });
  });
}

size_t gatelet_sessions_size(const gatelet_sessions* sessions) {
  return sessions == nullptr ? 0 : sessions->sessions.size();
}

gatelet_status gatelet_sessions_at(const gatelet_sessions* sessions, size_t i,
                                   gatelet_session_info* info) {
  return guard(nullptr, [&]() -> Result<void> {
    if (sessions == nullptr || info == nullptr)
      return invalid_argument("sessions and info are required");
    if (i >= sessions->sessions.size())
      return invalid_argument("there is no session of that number");
    const auto& one = sessions->sessions[i];
    gatelet_session_info out = GATELET_SESSION_INFO_INIT;
    out.is_current = one.is_current ? 1 : 0;
    out.handle = to_c(one.handle);
    out.client = to_c(one.client);
    out.user_agent = to_c(one.user_agent);
    out.signed_in_at = seconds(one.signed_in_at);
    out.seen_at = seconds(one.seen_at);
    out.ends_at = one.ends_at ? seconds(*one.ends_at) : 0;
    return write_struct(info, out, "info");
  });
}

void gatelet_sessions_release(gatelet_sessions* sessions) { delete sessions; }
