// What deciding is asked: one request at one moment, with what the engine remembers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "engine/deny_book.hpp"
#include "engine/dropped_cookies.hpp"
#include "engine/refresh_book.hpp"
#include "engine/session_cache.hpp"
#include "engine/snapshot.hpp"
#include "policy/pages.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::engine {

// What the store said of the tickets that a request presents.
struct Loaded {
  std::shared_ptr<const session::Session> session;  // null: there is none
  std::optional<Error> trouble;                     // whether there is one is not known
  RecordChanges::Number read_after = 0;             // changes told before it was asked

  static Loaded of(const Result<std::shared_ptr<const session::Session>>& loaded,
                   RecordChanges::Number read_after) {
    if (!loaded.ok()) return {nullptr, loaded.error(), read_after};
    return {*loaded, std::nullopt, read_after};
  }
};

// What deciding works with besides the request: the snapshot of this moment and the engine's
// memory.
struct Memory {
  std::shared_ptr<const Snapshot> snapshot;
  SessionCache& sessions;
  RefreshBook& refreshes;
  DenyBook& denied;
  DroppedCookies& dropped;
  const Loaded* loaded = nullptr;  // null: the store was not asked, or there is none
};

// What deciding noticed on the way and an operator should hear of.
struct Notes {
  bool value_left_out = false;      // an identity value that no header can carry
  bool tokens_withheld = false;     // a token ran out, and was not handed on
  bool credential_ignored = false;  // a token or password is not accepted, and others count
  std::shared_ptr<const session::Session> by_token;      // of a bearer token that was accepted
  std::shared_ptr<const session::Session> refresh_soon;  // may be renewed behind this answer
  bool deny_list_due = false;                            // may be asked for behind this answer
  std::shared_ptr<const session::Session> used;          // its use is to be noted in the store
  std::string tokens_left_out;  // of its new cookie, which has no room for them
};

// One request; its facts are settled.
struct Question {
  const Memory& memory;
  const policy::RequestFacts& facts;
  std::string_view request_id;  // for pages
  Instant now;
  Notes& notes;

  const Snapshot& snapshot() const noexcept { return *memory.snapshot; }
  const flow::Context& context() const noexcept { return *memory.snapshot->context; }
  const policy::Policy& policy() const noexcept { return memory.snapshot->context->policy; }

  // Of the request itself, which counts at the library's own endpoints: what a proxy forwards is
  // about the application.
  std::string_view own_method() const noexcept { return facts.request->method; }
};

// What a page about this request tells.
policy::PageFacts page_facts(const Question& question);

// What stands for the request's session cookies among those that were dropped.
DroppedCookies::Key dropped_key(const Question& question);

// Whether the answer may set session cookies, as far as the request's were not dropped.
bool may_set_cookies(const Question& question);

// Set-Cookie values that expire every session cookie the request carries; none where a sign-in has
// replaced them.
std::vector<std::string> clear_session_cookies(const Question& question);

// The same for the sign-in page: whoever asks for it leaves the session.
std::vector<std::string> leave_session(const Question& question);

}  // namespace gatelet::engine
