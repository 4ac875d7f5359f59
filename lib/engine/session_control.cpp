#include "engine/session_control.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/presented.hpp"
#include "flow/revoke_sessions.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using Answer = std::variant<Sessions, Operation<Sessions>>;
using session::Subject;

Result<Subject> subject_from(const Person& who) {
  if (who.subject.empty()) {
    return Error{Status::invalid_argument,
                 "whose sessions are meant? give what Identity::subject() says"};
  }
  return Subject(std::string(who.provider.empty() ? "default" : who.provider),
                 std::string(who.subject));
}

Error not_listed() {
  return {Status::invalid_state,
          "sessions in cookies are known to their browsers only; to list them, or to end one of "
          "them, keep sessions in a store (session_store_type)"};
}

std::chrono::sys_seconds moment(const session::Timestamp& at) {
  return std::chrono::sys_seconds(std::chrono::seconds(at.seconds));
}

// The tickets of a request; none for a request that is not given.
std::vector<std::string> ticket_ids(const flow::Context& context, const RequestView* request,
                                    Instant now) {
  std::vector<std::string> ids;
  if (request == nullptr || !context.session.has_store()) return ids;
  for (const auto& ticket : flow::tickets_of(context, request->headers, now)) {
    ids.push_back(ticket->id);
  }
  return ids;
}

}  // namespace

// What a call has, and the operation that waits for it.
struct SessionControl::Job {
  std::shared_ptr<const flow::Context> context;
  Subject subject;
  std::vector<std::string> current;  // tickets
  bool ends_them = false;
  std::shared_ptr<Seat> seat;  // given back before the answer is seen
  std::shared_ptr<io::CompletionOf<Sessions>> completion;

  void deliver(const Result<Entries>& entries) {
    seat.reset();
    if (!entries.ok()) return completion->deliver(entries.error());
    Sessions out;
    for (const auto& entry : *entries) {
      auto handle = flow::session_handle(*context, entry.ticket_id);
      if (!handle.ok()) return completion->deliver(std::move(handle).error());
      auto& info = out.emplace_back();
      info.handle = std::move(handle).value();
      info.signed_in_at = moment(entry.signed_in_at);
      info.seen_at = moment(entry.seen_at);
      if (entry.ends_at) info.ends_at = moment(*entry.ends_at);
      info.client = entry.client;
      info.user_agent = entry.user_agent;
      info.is_current = std::find(current.begin(), current.end(), entry.ticket_id) != current.end();
    }
    completion->deliver(std::move(out));
  }
};

Outcome<Sessions> SessionControl::list(const Memory& memory, const Person& who,
                                       const RequestView* current, Instant now) {
  auto subject = subject_from(who);
  if (!subject.ok()) return std::move(subject).error();
  const auto& context = memory.snapshot->context;
  if (!context->session.is_stored) return not_listed();
  auto job = std::make_shared<Job>();
  job->context = context;
  job->subject = std::move(subject).value();
  job->current = ticket_ids(*context, current, now);
  flow::SubjectSessions in(context);
  in.subject = job->subject;
  return run(job, flow::list_sessions(std::move(in)), now);
}

Outcome<Sessions> SessionControl::revoke(const Memory& memory, const Person& who,
                                         std::string_view handle, Instant now) {
  auto subject = subject_from(who);
  if (!subject.ok()) return std::move(subject).error();
  if (handle.empty()) {
    return Error{Status::invalid_argument, "which session? give the handle that was listed"};
  }
  const auto& context = memory.snapshot->context;
  if (!context->session.is_stored) return not_listed();
  auto job = std::make_shared<Job>();
  job->context = context;
  job->subject = std::move(subject).value();
  job->ends_them = true;
  flow::EndSessions in(context);
  in.subject = job->subject;
  in.only = handle;
  return run(job, flow::end_sessions(std::move(in)), now);
}

Outcome<Sessions> SessionControl::revoke_all(const Memory& memory, const Person& who,
                                             const RequestView* kept, Instant now) {
  auto subject = subject_from(who);
  if (!subject.ok()) return std::move(subject).error();
  const auto& context = memory.snapshot->context;
  session::Denial denial;
  denial.subject = *subject;
  denial.until = session::to_timestamp(now);
  if (const auto ids = ticket_ids(*context, kept, now); !ids.empty()) {
    denial.kept_ticket = ids.front();
  } else if (kept != nullptr) {
    // Whose cookies these are, not whether they are let in: nothing need be asked of the store.
    const Loaded nothing;
    const Memory unasked{memory.snapshot, memory.sessions, memory.refreshes, memory.denied,
                         &nothing};
    const auto presented = present_session(unasked, kept->headers, now);
    if (presented.session && session::is_of(*presented.session, *subject)) {
      denial.kept_sign_in = session::signed_in_at(*presented.session);
    }
  }
  auto here = denial;
  if (const auto expire = context->session.cookie_expire; expire != std::chrono::seconds(0)) {
    here.forget_at = session::to_timestamp(now + expire + std::chrono::hours(1));
  }
  if (auto added = denied_.add(std::move(here), now); !added.ok()) return std::move(added).error();
  events_.keep(Event::Level::info, "sessions-revoked",
               "all sessions of a person that were signed in until now are over", {});
  if (!context->session.has_store()) return Answer(Sessions());

  auto job = std::make_shared<Job>();
  job->context = context;
  job->subject = std::move(subject).value();
  job->ends_them = true;
  flow::RevokeSessions in(context);
  in.denial = std::move(denial);
  return run(job, flow::revoke_sessions(std::move(in)), now);
}

Outcome<Sessions> SessionControl::run(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow,
                                      Instant now) {
  job->seat = seats_.take();
  if (!job->seat) {
    return Error{Status::too_many_operations, "too many requests wait for the session store"};
  }
  job->completion = io::CompletionOf<Sessions>::make(work_.shared_driver());
  work_.run<Entries>(
      std::move(flow),
      [this, job](const Result<Entries>& entries, Instant at) {
        // Requests that were opened before, and refreshes under way, must not bring them back.
        if (entries.ok() && job->ends_them) {
          for (const auto& one : *entries) refreshes_.record_ticket_end(one.ticket_id, at);
        }
        job->deliver(entries);
      },
      now);
  return Answer(Operation<Sessions>(job->completion));
}

}  // namespace gatelet::engine
