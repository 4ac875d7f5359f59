#include "engine/session_control.hpp"

#include <algorithm>
#include <optional>
#include <string>
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

using Subjects = std::vector<Subject>;

// The names of one person, as they are called now first. Where there is but one provider, sessions
// in oauth2-proxy's format bear no name of it, and others do.
Result<Subjects> subjects_from(const Memory& memory, const Person& who) {
  if (who.subject.empty()) {
    return Error{Status::invalid_argument,
                 "whose sessions are meant? give what Identity::subject() says"};
  }
  const auto& providers = memory.snapshot->providers;
  const auto sole = providers.size() == 1 ? std::string_view(providers.front()->provider->id) : "";
  const auto provider = who.provider.empty() ? sole : who.provider;
  if (provider.empty()) {
    return Error{Status::invalid_argument,
                 "there are several providers; give what Identity::provider() says"};
  }
  const std::string id(who.subject);
  Subjects subjects{{std::string(provider), id}};
  const bool is_sole = provider == sole || (!sole.empty() && provider == session::no_provider);
  const auto other = provider == sole ? session::no_provider : sole;
  if (is_sole && other != provider) subjects.emplace_back(std::string(other), id);
  return subjects;
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
  Subjects subjects;
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
  auto subjects = subjects_from(memory, who);
  if (!subjects.ok()) return std::move(subjects).error();
  const auto& context = memory.snapshot->context;
  if (!context->session.is_stored) return not_listed();
  auto job = std::make_shared<Job>();
  job->context = context;
  job->subjects = std::move(subjects).value();
  job->current = ticket_ids(*context, current, now);
  flow::SubjectSessions in(context);
  in.subjects = job->subjects;
  return run(job, flow::list_sessions(std::move(in)), now);
}

Outcome<Sessions> SessionControl::revoke(const Memory& memory, const Person& who,
                                         std::string_view handle, Instant now) {
  auto subjects = subjects_from(memory, who);
  if (!subjects.ok()) return std::move(subjects).error();
  if (handle.empty()) {
    return Error{Status::invalid_argument, "which session? give the handle that was listed"};
  }
  const auto& context = memory.snapshot->context;
  if (!context->session.is_stored) return not_listed();
  auto job = std::make_shared<Job>();
  job->context = context;
  job->subjects = std::move(subjects).value();
  job->ends_them = true;
  flow::EndSessions in(context);
  in.subjects = job->subjects;
  in.only = handle;
  return run(job, flow::end_sessions(std::move(in)), now);
}

Outcome<Sessions> SessionControl::revoke_all(const Memory& memory, const Person& who,
                                             const RequestView* kept, Instant now) {
  auto subjects = subjects_from(memory, who);
  if (!subjects.ok()) return std::move(subjects).error();
  auto job = std::make_shared<Job>();
  job->context = memory.snapshot->context;
  job->subjects = std::move(subjects).value();
  job->ends_them = true;
  Denials denials;
  for (const auto& subject : job->subjects) {
    auto& denial = denials.emplace_back();
    denial.subject = subject;
    denial.until = session::to_timestamp(now);
  }
  if (kept == nullptr) return deny(job, std::move(denials), now);

  auto tickets = tickets_in(*job->context, *kept, now);
  if (auto session = kept_session(memory, *kept, tickets, now)) {
    keep(denials, *session);
  } else if (!tickets.empty()) {
    for (auto& denial : denials) denial.kept_ticket = tickets.front()->id;
    return deny_when_read(memory, job, std::move(denials), std::move(tickets), now);
  }
  return deny(job, std::move(denials), now);
}

// A session that is over already is not kept.
void SessionControl::keep(Denials& denials, const session::Session& session) const {
  const bool is_over = denied_.covers(session);
  for (auto& denial : denials) {
    denial.kept_ticket.clear();
    if (is_over || !session::is_of(session, denial.subject)) continue;
    if (session.ticket) denial.kept_ticket = session.ticket->id;
    denial.kept_sign_in = session::signed_in_at(session);
  }
}

Result<void> SessionControl::deny_here(const Job& job, const Denials& denials, Instant now) {
  std::optional<session::Timestamp> forget_at;
  if (const auto expire = job.context->session.cookie_expire; expire != std::chrono::seconds(0)) {
    forget_at = session::to_timestamp(now + expire + std::chrono::hours(1));
  }
  for (auto denial : denials) {
    denial.forget_at = forget_at;
    if (auto added = denied_.add(std::move(denial), now); !added.ok()) return added;
  }
  tell_of_denial();
  return {};
}

void SessionControl::tell_of_denial() const {
  events_.keep(Event::Level::info, "sessions-revoked",
               "all sessions of a person that were signed in until now are over", {});
}

Outcome<Sessions> SessionControl::deny(const std::shared_ptr<Job>& job, Denials denials,
                                       Instant now) {
  auto done = deny_here(*job, denials, now);
  if (job->context->session.has_store()) {
    return run(job, revoking(*job, std::move(denials), done.ok()), now);
  }
  if (!done.ok()) return std::move(done).error();
  return Answer(Sessions());
}

// What there is no room for in this process is known here from a store that has it.
flow::Flow<SessionControl::Entries> SessionControl::revoking(const Job& job, Denials denials,
                                                             bool is_told) {
  flow::RevokeSessions in(job.context);
  in.denials = std::move(denials);
  in.on_denied = [this, is_told](const session::Denial& stored) mutable {
    denied_.note_stored(stored);
    if (!std::exchange(is_told, true)) tell_of_denial();
  };
  in.on_ended_only = [this](const Entries& ended, Instant at) { end_here(ended, at); };
  return flow::revoke_sessions(std::move(in));
}

// When the kept session's sign-in was stands in the store. One that cannot be read is kept by its
// ticket.
Outcome<Sessions> SessionControl::deny_when_read(const Memory& memory,
                                                 const std::shared_ptr<Job>& job, Denials denials,
                                                 std::vector<flow::SharedTicket> tickets,
                                                 Instant now) {
  if (auto begun = begin(job); !begun.ok()) {
    (void)deny_here(*job, denials, now);
    return std::move(begun).error();
  }
  auto then = [this, job, denials](const Result<Work::Session>& read, Instant at) mutable {
    const auto thrown = io::attempt([&] {
      if (read.ok() && *read) keep(denials, **read);
      for (auto& denial : denials) {
        if (read.ok() && !*read) denial.kept_ticket.clear();
      }
      const bool is_told = deny_here(*job, denials, at).ok();
      go_on(job, revoking(*job, std::move(denials), is_told), at);
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
          if (entries.ok() && job->ends_them) end_here(*entries, at);
          job->deliver(entries);
        });
        if (thrown) job->deliver(*thrown);
      },
      now);
}

// Requests that were opened before, and refreshes under way, must not bring them back.
void SessionControl::end_here(const Entries& ended, Instant now) {
  for (const auto& one : ended) refreshes_.record_ticket_end(one.ticket_id, now);
}

Outcome<Sessions> SessionControl::run(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow,
                                      Instant now) {
  if (auto begun = begin(job); !begun.ok()) return std::move(begun).error();
  go_on(job, std::move(flow), now);
  return Answer(Operation<Sessions>(job->completion));
}

}  // namespace gatelet::engine
