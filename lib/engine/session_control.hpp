// Sessions listed and ended by the application, not by their browsers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/engine.hpp>

#include "engine/deny_book.hpp"
#include "engine/events.hpp"
#include "engine/question.hpp"
#include "engine/seats.hpp"
#include "engine/work.hpp"
#include "flow/load_session.hpp"
#include "flow/session_index.hpp"
#include "io/completions.hpp"
#include "session/deny_list.hpp"

namespace gatelet::engine {

// Everything here must outlive it.
class SessionControl {
 public:
  SessionControl(Work& work, RefreshBook& refreshes, DenyBook& denied, Events& events,
                 Seats& seats) noexcept
      : work_(work), refreshes_(refreshes), denied_(denied), events_(events), seats_(seats) {}

  // As Engine says. `memory`, `now`: of this moment.
  Outcome<Sessions> list(const Memory& memory, const Person& who, const RequestView* current,
                         Instant now);
  Outcome<Sessions> revoke(const Memory& memory, const Person& who, std::string_view handle,
                           Instant now);
  Outcome<Sessions> revoke_all(const Memory& memory, const Person& who, const RequestView* kept,
                               Instant now);

 private:
  struct Job;
  using Entries = flow::IndexEntries;

  using Denials = std::vector<session::Denial>;  // one for each name of a person

  void keep(Denials& denials, const session::Session& session) const;
  Result<void> deny_here(const Job& job, const Denials& denials, Instant now);
  void tell_of_denial() const;
  Outcome<Sessions> deny(const std::shared_ptr<Job>& job, Denials denials, Instant now);
  Outcome<Sessions> deny_when_read(const Memory& memory, const std::shared_ptr<Job>& job,
                                   Denials denials, std::vector<flow::SharedTicket> tickets,
                                   Instant now);
  Result<void> begin(const std::shared_ptr<Job>& job);
  flow::Flow<Entries> revoking(const Job& job, Denials denials, bool is_told);
  void end_here(const Entries& ended, Instant now);
  void go_on(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow, Instant now);
  Outcome<Sessions> run(const std::shared_ptr<Job>& job, flow::Flow<Entries> flow, Instant now);

  Work& work_;
  RefreshBook& refreshes_;
  DenyBook& denied_;
  Events& events_;
  Seats& seats_;
};

}  // namespace gatelet::engine
