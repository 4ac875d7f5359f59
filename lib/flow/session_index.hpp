// One person's sessions in a store: entered into their index, listed, ended.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/load_session.hpp"
#include "session/session_index.hpp"

namespace gatelet::flow {

using IndexEntries = std::vector<session::IndexEntry>;

class IndexSession {
 public:
  std::shared_ptr<const Context> context;
  SharedSession session;           // with its ticket
  std::string client, user_agent;  // of the request that signed in; empty: as they were
  explicit IndexSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Enters the session into its person's index, or brings its entry up to date. False when others
// wrote there again and again: then it is not in the index, and ends with all of that person's.
//   Failure: Status::store_unreachable; no_entropy or internal.
Flow<bool> index_session(IndexSession in);

// Takes the session of this ticket out of the index. The same contract.
Flow<bool> unindex_session(std::shared_ptr<const Context> context, session::Subject subject,
                           std::string ticket_id);

class SubjectSessions {
 public:
  std::shared_ptr<const Context> context;
  std::vector<session::Subject> subjects;  // the names of one person
  explicit SubjectSessions(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Those whose records are there, the latest sign-in first. Entries without a record leave the index
// when they are older than a minute: a sign-in enters its session before it puts the record.
//   Failure: Status::store_unreachable, internal.
Flow<IndexEntries> list_sessions(SubjectSessions in);

class EndSessions {
 public:
  std::shared_ptr<const Context> context;
  std::vector<session::Subject> subjects;  // the names of one person
  std::string only;                        // the handle of one; empty: all
  std::string kept_ticket;                 // the one that stays, of all
  explicit EndSessions(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Erases the records, each by its entry in the index, and then the entries; those that were meant.
// One that is named while it is being signed in, and has no record yet, is not ended.
//   Failure: Status::store_unreachable, internal: some may be left; the entries are.
Flow<IndexEntries> end_sessions(EndSessions in);

// What a host calls the session of this ticket: fit for a page or a link, and of no use to whoever
// reads the store.
//   Failure: Status::internal.
Result<std::string> session_handle(const Context& context, std::string_view ticket_id);

}  // namespace gatelet::flow
