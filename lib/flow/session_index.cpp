#include "flow/session_index.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <string_view>

#include "base/bytes.hpp"
#include "flow/stored_record.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using SharedContext = std::shared_ptr<const Context>;
using Change = std::function<void(IndexEntries&, Instant)>;

constexpr int max_attempts = 8;
constexpr Duration pause = std::chrono::milliseconds(5);  // grows with every attempt
constexpr Duration longest_sign_in = std::chrono::minutes(1);
constexpr std::size_t handle_size = 16;  // bytes; twice as many digits

// Under such a key only ours, and whoever may write to the store, can have put anything: what is
// not authentic is nothing. Trouble with opening it is trouble.
Result<IndexEntries> read(const Context& context, const std::string& key,
                          const std::optional<std::string>& record, Instant at) {
  if (!record) return IndexEntries();
  auto entries = session::open_index(*context.cookie_keys, key, *record, at);
  if (!entries.ok() && is_refusal(entries.error().status)) return IndexEntries();
  return entries;
}

// Whether the store has anything for the ticket, whatever it is.
Flow<bool> is_there(std::string ticket_id) {
  auto get = StoreCall::get(std::move(ticket_id));
  auto asked = attempt(std::move(get));
  auto found = co_await std::move(asked);
  if (found.ok()) co_return found->record.has_value();
  if (is_refusal(found.error().status)) co_return true;
  co_return std::move(found).error();
}

// Writes only over what was read, so that nothing somebody else enters meanwhile is lost.
Flow<bool> change_index(SharedContext context, session::Subject subject, Change change) {
  auto keys = session::index_keys(context->session, *context->cookie_keys, subject);
  const auto names = co_await std::move(keys);
  const auto& key = names.front();
  for (int i = 1; i <= max_attempts; ++i) {
    auto get = StoreCall::get(key);
    auto found = co_await std::move(get);
    const auto at = co_await now();
    auto reading = read(*context, key, found.record, at);
    const auto before = co_await std::move(reading);
    auto entries = before;
    change(entries, at);
    if (entries == before) co_return true;

    auto sealed = session::seal_index(*context->cookie_keys, key, entries, at, *context->entropy);
    auto record = co_await std::move(sealed);
    auto swap = StoreCall::swap(key, std::move(found.record), std::move(record),
                                context->session.cookie_expire);
    const auto swapped = co_await std::move(swap);
    if (swapped.was_there) co_return true;
    Delay wait(i * pause);
    (void)co_await wait;
  }
  co_return false;
}

// Of all names, of the current secret and of earlier ones; each ticket once.
Flow<IndexEntries> all_entries(SharedContext context, std::vector<session::Subject> subjects) {
  std::vector<std::string> names;
  for (const auto& subject : subjects) {
    auto keys = session::index_keys(context->session, *context->cookie_keys, subject);
    auto more = co_await std::move(keys);
    std::move(more.begin(), more.end(), std::back_inserter(names));
  }
  IndexEntries all;
  for (const auto& key : names) {
    auto get = StoreCall::get(key);
    const auto found = co_await std::move(get);
    const auto at = co_await now();
    auto reading = read(*context, key, found.record, at);
    auto entries = co_await std::move(reading);
    for (auto& entry : entries) {
      const auto is_same = [&](const auto& one) { return one.ticket_id == entry.ticket_id; };
      if (std::none_of(all.begin(), all.end(), is_same)) all.push_back(std::move(entry));
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.signed_in_at > b.signed_in_at; });
  co_return all;
}

// A sign-in enters its session before it puts the record.
bool may_be_signing_in(const session::IndexEntry& entry, Instant at) noexcept {
  return entry.seen_at > session::to_timestamp(at - longest_sign_in);
}

Change without(IndexEntries gone) {
  return [gone = std::move(gone)](IndexEntries& entries, Instant) {
    std::erase_if(entries, [&](const auto& entry) {
      return std::any_of(gone.begin(), gone.end(),
                         [&](const auto& one) { return one.ticket_id == entry.ticket_id; });
    });
  };
}

// What could not be written is tried again when the index is next asked.
Flow<bool> take_out(SharedContext context, std::vector<session::Subject> subjects,
                    IndexEntries gone) {
  if (gone.empty()) co_return true;
  for (auto& subject : subjects) {
    auto changing = change_index(context, std::move(subject), without(gone));
    (void)co_await attempt(std::move(changing));
  }
  co_return true;
}

}  // namespace

Flow<bool> index_session(IndexSession in) {
  session::IndexEntry entry;
  entry.ticket_id = in.session->ticket->id;
  entry.signed_in_at = session::signed_in_at(*in.session);
  entry.ends_at = session::ends_at(*in.session, in.context->session);
  entry.client = std::move(in.client);
  entry.user_agent = in.user_agent.substr(0, session::max_user_agent_size);
  Change change = [entry](IndexEntries& entries, Instant at) {
    auto fresh = entry;
    fresh.seen_at = session::to_timestamp(at);
    session::put_entry(entries, std::move(fresh), session::to_timestamp(at));
  };
  auto changing = change_index(in.context, session::subject_of(*in.session), std::move(change));
  const bool done = co_await std::move(changing);
  co_return done;
}

Flow<bool> unindex_session(SharedContext context, session::Subject subject, std::string ticket_id) {
  session::IndexEntry gone;
  gone.ticket_id = std::move(ticket_id);
  auto changing = change_index(std::move(context), std::move(subject), without({gone}));
  const bool done = co_await std::move(changing);
  co_return done;
}

Flow<IndexEntries> list_sessions(SubjectSessions in) {
  auto reading = all_entries(in.context, in.subjects);
  auto entries = co_await std::move(reading);
  IndexEntries there, gone;
  for (auto& entry : entries) {
    if (there.size() == session::max_index_entries) break;
    auto looking = is_there(entry.ticket_id);
    const bool is_found = co_await std::move(looking);
    const auto at = co_await now();
    if (is_found) {
      there.push_back(std::move(entry));
    } else if (!may_be_signing_in(entry, at)) {
      gone.push_back(std::move(entry));
    }
  }
  auto cleaning = take_out(in.context, std::move(in.subjects), std::move(gone));
  (void)co_await std::move(cleaning);
  co_return there;
}

Flow<IndexEntries> end_sessions(EndSessions in) {
  auto reading = all_entries(in.context, in.subjects);
  auto entries = co_await std::move(reading);
  IndexEntries ended;
  for (auto& entry : entries) {
    if (entry.ticket_id == in.kept_ticket) continue;
    if (!in.only.empty()) {
      auto named = session_handle(*in.context, entry.ticket_id);
      const auto handle = co_await std::move(named);
      if (handle != in.only) continue;
      // Without a record there is nothing to erase; where all are ended the deny list ends it.
      auto looking = is_there(entry.ticket_id);
      const bool is_found = co_await std::move(looking);
      const auto at = co_await now();
      if (!is_found && may_be_signing_in(entry, at)) continue;
    }
    auto erase = StoreCall::erase(entry.ticket_id);
    (void)co_await std::move(erase);
    ended.push_back(std::move(entry));
  }
  auto cleaning = take_out(in.context, std::move(in.subjects), ended);
  (void)co_await std::move(cleaning);
  co_return ended;
}

Result<std::string> session_handle(const Context& context, std::string_view ticket_id) {
  const auto digest = (*context.sha256)(std::string("session ").append(ticket_id));
  if (!digest.ok()) return digest.error();
  return to_hex(std::string_view(digest->data(), handle_size));
}

}  // namespace gatelet::flow
