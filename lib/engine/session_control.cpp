#include "engine/session_control.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/presented.hpp"
#include "flow/revoke_sessions.hpp"
#include "io/attempt.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using Answer = std::variant<Sessions, Operation<Sessions>>;
using session::Subject;

Result<Subject> subject_from(const Memory& memory, const Person& who) {
  if (who.subject.empty()) {
    return Error{Status::invalid_argument,
                 "whose sessions are meant? give what Identity::subject() says"};
  }
  const auto& sole = memory.snapshot->context->session.sole_provider;
  const auto provider = who.provider.empty() ? std::string_view(sole) : who.provider;
  if (provider.empty()) {
    return Error{Status::invalid_argument,
                 "there are several providers; give what Identity::provider() says"};
  }
  return Subject(std::string(provider), std::string(who.subject));
}

Error not_listed() {
  return {Status::invalid_state,
          "sessions in cookies are known to their browsers only; to list them, or to end one of "
          "them, keep sessions in a store (session_store_type)"};
}

std::chrono::sys_seconds moment(const session::Timestamp& at) {
  return std::chrono::sys_seconds(std::chrono::seconds(at.seconds));
}

std::vector<flow::SharedTicket> tickets_in(const flow::Context& context, const RequestView& request,
                                           Instant now) {
  if (!context.session.has_store()) return {};
  return flow::tickets_of(context, request.headers, now);
}

// Of a request that may not be given.
std::vector<std::string> ticket_ids(const flow::Context& context, const RequestView* request,
                                    Instant now) {
  std::vector<std::string> ids;
  if (request == nullptr) return ids;
  for (const auto& ticket : tickets_in(context, *request, now)) ids.push_back(ticket->id);
  return ids;
}

// Whose session the request brings, as far as memory tells: a ticket's copy may be old, which its
// sign-in is not. Nothing need be asked of the store for one in cookies.
std::shared_ptr<const session::Session> kept_session(const Memory& memory,
                                                     const RequestView& request,
                                                     const std::vector<flow::SharedTicket>& tickets,
                                                     Instant now) {
  if (tickets.empty()) {
    const Loaded nothing;
    auto unasked = memory;
    unasked.loaded = &nothing;
    return present_session(unasked, request.headers, now).session;
  }
  const auto& snapshot = *memory.snapshot;
  const CookieImage image(request.headers, snapshot.context->session.cookie_name);
  auto copy = memory.sessions.find(image, snapshot.generation);
  return copy && copy->ticket ? copy : nullptr;
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
  auto subject = subject_from(memory, who);
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
  auto subject = subject_from(memory, who);
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
  auto subject = subject_from(memory, who);
  if (!subject.ok()) return std::move(subject).error();
  auto job = std::make_shared<Job>();
  job->context = memory.snapshot->context;
  job->subject = std::move(subject).value();
  job->ends_them = true;
  session::Denial denial;
  denial.subject = job->subject;
  denial.until = session::to_timestamp(now);
  if (kept == nullptr) return deny(job, std::move(denial), now);

  auto tickets = tickets_in(*job->context, *kept, now);
  if (auto session = kept_session(memory, *kept, tickets, now)) {
    keep(denial, *session);
  } else if (!tickets.empty()) {
    denial.kept_ticket = tickets.front()->id;
    return deny_when_read(memory, job, std::move(denial), std::move(tickets), now);
  }
  return deny(job, std::move(denial), now);
}

// A session that is over already is not kept.
void SessionControl::keep(session::Denial& denial, const session::Session& session) const {
  denial.kept_ticket.clear();
  if (!session::is_of(session, denial.subject) || denied_.covers(session)) return;
  if (session.ticket) denial.kept_ticket = session.ticket->id;
  denial.kept_sign_in = session::signed_in_at(session);
}

Result<void> SessionControl::deny_here(const Job& job, session::Denial denial, Instant now) {
  if (const auto expire = job.context->session.cookie_expire; expire != std::chrono::seconds(0)) {
    denial.forget_at = session::to_timestamp(now + expire + std::chrono::hours(1));
  }
  if (auto added = denied_.add(std::move(denial), now); !added.ok()) return added;
  events_.keep(Event::Level::info, "sessions-revoked",
               "all sessions of a person that were signed in until now are over", {});
  return {};
}

Outcome<Sessions> SessionControl::deny(const std::shared_ptr<Job>& job, session::Denial denial,
                                       Instant now) {
  const bool has_store = job->context->session.has_store();
  // With a store that has room for it, it is known here from there.
  if (auto done = deny_here(*job, denial, now); !done.ok() && !has_store) {
    return std::move(done).error();
  }
  if (!has_store) return Answer(Sessions());
  return run(job, revoking(*job, std::move(denial)), now);
}

flow::Flow<SessionControl::Entries> SessionControl::revoking(const Job& job,
                                                             session::Denial denial) {
  flow::RevokeSessions in(job.context);
  in.denial = std::move(denial);
  in.on_denied = [this](const session::Denial& stored) { denied_.note_stored(stored); };
  return flow::revoke_sessions(std::move(in));
}

// When the kept session's sign-in was stands in the store. One that cannot be read is kept by its
// ticket.
Outcome<Sessions> SessionControl::deny_when_read(const Memory& memory,
                                                 const std::shared_ptr<Job>& job,
                                                 session::Denial denial,
                                                 std::vector<flow::SharedTicket> tickets,
                                                 Instant now) {
  if (auto begun = begin(job); !begun.ok()) {
    (void)deny_here(*job, std::move(denial), now);
    return std::move(begun).error();
  }
  auto then = [this, job, denial](const Result<Work::Session>& read, Instant at) mutable {
    const auto thrown = io::attempt([&] {
      if (read.ok() && *read) keep(denial, **read);
      if (read.ok() && !*read) denial.kept_ticket.clear();
      (void)deny_here(*job, denial, at);
      go_on(job, revoking(*job, std::move(denial)), at);
    });
    if (thrown) job->deliver(*thrown);
  };
  work_.load(memory.snapshot, std::move(tickets), std::move(then), now);
  return Answer(Operation<Sessions>(job->completion));
}

Result<void> SessionControl::begin(const std::shared_ptr<Job>& job) {
  job->seat = seats_.take();
  if (!job->seat) {
    return Error{Status::too_many_operations, "too many requests wait for the session store"};
  }
  job->completion = io::CompletionOf<Sessions>::make(work_.shared_driver());
  return {};
}

void SessionControl::go_on(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow, Instant now) {
  work_.run<Entries>(
      std::move(flow),
      [this, job](const Result<Entries>& entries, Instant at) {
        const auto thrown = io::attempt([&] {
          // Requests that were opened before, and refreshes under way, must not bring them back.
          if (entries.ok() && job->ends_them) {
            for (const auto& one : *entries) refreshes_.record_ticket_end(one.ticket_id, at);
          }
          job->deliver(entries);
        });
        if (thrown) job->deliver(*thrown);
      },
      now);
}

Outcome<Sessions> SessionControl::run(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow,
                                      Instant now) {
  if (auto begun = begin(job); !begun.ok()) return std::move(begun).error();
  go_on(job, std::move(flow), now);
  return Answer(Operation<Sessions>(job->completion));
}

}  // namespace gatelet::engine
