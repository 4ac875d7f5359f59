// What Work has to do with the session store: it loads from there, writes behind answers, and hears
// of changes.
#include <algorithm>
#include <utility>

#include "engine/work.hpp"
#include "flow/change_stored_session.hpp"
#include "flow/session_index.hpp"
#include "io/attempt.hpp"
#include "session/deny_list.hpp"
#include "session/ticket.hpp"

namespace gatelet::engine {
namespace {

// A session of oauth2-proxy's is entered into its person's index as often as this.
constexpr Duration index_again = 1h;
// The deny list is asked for behind answers as often as this, and no request waits for it.
constexpr Duration ask_behind_again = 250ms;
// A store that did not take the denials it had lost, or a use, is told again after so long.
constexpr Duration tell_again = 1s;

}  // namespace

void Work::load(const std::shared_ptr<const Snapshot>& snapshot,
                std::vector<flow::SharedTicket> tickets, SingleFlight<Session>::Waiter waiter,
                Instant now) {
  if (denied_.is_current(now.steady)) {
    return load_session(snapshot, std::move(tickets), std::move(waiter), now);
  }
  auto then = [this, snapshot, tickets = std::move(tickets), waiter = std::move(waiter)](
                  const Result<flow::SharedDenyList>& list, Instant at) {
    if (!list.ok()) return waiter(list.error(), at);
    const auto thrown = io::attempt([&] { load_session(snapshot, tickets, waiter, at); });
    if (thrown) waiter(*thrown, at);
  };
  load_deny_list(snapshot, std::move(then), now);
}

void Work::load_deny_list(const std::shared_ptr<const Snapshot>& snapshot,
                          SingleFlight<flow::SharedDenyList>::Waiter waiter, Instant now) {
  const auto changes = denied_.changes();
  const auto name = std::to_string(snapshot->generation) + " " + std::to_string(changes);
  if (!deny_loads_.join(name, std::move(waiter))) return;
  const auto current_until = now.steady + snapshot->context->session.cache_max_staleness;
  lead<flow::SharedDenyList>(
      deny_loads_, name, [&] { return flow::load_deny_list(snapshot->context); },
      [this, snapshot, current_until, changes](
          const std::string& flight, const Result<flow::SharedDenyList>& list, Instant at) {
        if (list.ok()) {
          refreshes_.note_success(deny_list_beside);
          const bool is_newest = snapshots_.load()->generation == snapshot->generation;
          const auto counts = is_newest ? std::optional(changes) : std::nullopt;
          put_back(snapshot, denied_.take(*list, counts, current_until, at), at);
        } else {
          const bool was_asked = list.error().status != Status::too_many_operations;
          if (was_asked) refreshes_.note_trouble(deny_list_beside, at);
          events_.keep(Event::Level::warning, "store-unavailable", list.error().text, {});
        }
        deny_loads_.finish(flight, list, at);
      },
      now);
}

void Work::put_back(const std::shared_ptr<const Snapshot>& snapshot,
                    std::vector<session::Denial> lost, Instant now) {
  if (lost.empty()) return;
  events_.keep(Event::Level::warning, "deny-list-lost",
               "the session store has lost whom the application denied; it is told again", {});
  flow::Deny in(snapshot->context);
  in.denials = std::move(lost);
  run<flow::SharedDenyList>(
      flow::deny(std::move(in)),
      [this](const Result<flow::SharedDenyList>& told, Instant) {
        if (told.ok()) return;
        events_.keep(Event::Level::warning, "store-unavailable", told.error().text, {});
        driver_->after(tell_again, [this](Instant) { denied_.doubt(); });  // read, and told again
      },
      now);
}

void Work::freshen_deny_list(const std::shared_ptr<const Snapshot>& snapshot, Instant now) {
  if (!asked_behind_.take("deny list", ask_behind_again, now)) return;
  load_deny_list(
      snapshot, [](const Result<flow::SharedDenyList>&, Instant) {}, now);
}

void Work::load_session(const std::shared_ptr<const Snapshot>& snapshot,
                        std::vector<flow::SharedTicket> tickets,
                        SingleFlight<Session>::Waiter waiter, Instant now) {
  constexpr std::size_t number_size = 21;  // with a blank
  std::string name;
  std::size_t size = number_size;
  for (const auto& ticket : tickets) size += 1 + ticket->id.size() + number_size;
  name.reserve(size);
  name.append(std::to_string(snapshot->generation));
  for (const auto& ticket : tickets) {
    name.append(" ").append(ticket->id);
    name.append(" ").append(std::to_string(changes_.last_of(ticket->id)));
  }
  if (!loads_.join(name, std::move(waiter))) return;
  flow::LoadSession in(snapshot->context);
  in.tickets = std::move(tickets);
  in.on_refused = [this](const Error& why) {
    events_.keep(Event::Level::warning, "record-refused",
                 "what the session store has for a ticket is no session: " + why.text, {});
  };
  lead<Session>(
      loads_, name, [&] { return flow::load_session(std::move(in)); },
      [this, snapshot](const std::string& flight, const Result<Session>& loaded, Instant at) {
        if (!loaded.ok()) {
          events_.keep(Event::Level::warning, "store-unavailable", loaded.error().text, {});
        }
        // Of oauth2-proxy's: perhaps in no index yet.
        const bool is_strange = loaded.ok() && *loaded && !(*loaded)->signed_in_at;
        if (is_strange && indexed_.take((*loaded)->ticket->id, index_again, at)) {
          index(snapshot, *loaded, at);
        }
        loads_.finish(flight, loaded, at);
      },
      now);
}

// Behind whatever is answered. One that cannot be entered is tried again when it is next loaded or
// renewed.
void Work::index(const std::shared_ptr<const Snapshot>& snapshot, const Session& session,
                 Instant now) {
  flow::IndexSession in(snapshot->context);
  in.session = session;
  run<bool>(
      flow::index_session(std::move(in)),
      [this, ticket = session->ticket](const Result<bool>& entered, Instant) {
        if (!entered.ok() || !*entered) indexed_.give_back(ticket->id);
      },
      now);
}

void Work::note_use(const std::shared_ptr<const Snapshot>& snapshot, flow::SharedTicket ticket,
                    Instant now, std::function<void()> on_failed) {
  flow::ChangeStored in(snapshot->context);
  in.ticket = std::move(ticket);
  in.at = now;
  in.change = flow::noting_use(snapshot->context, now);
  run<Session>(
      flow::change_stored_session(std::move(in)),
      [this, on_failed = std::move(on_failed)](const Result<Session>& noted, Instant) {
        if (noted.ok()) return;
        (void)driver_->after(tell_again, [on_failed](Instant) { on_failed(); });
        events_.keep(Event::Level::warning, "store-unavailable", noted.error().text, {});
      },
      now);
}

void Work::changed(std::span<const std::string> keys) {
  // Locks come and go with every refresh; nobody keeps them.
  for (const auto& key : keys) {
    if (!key.ends_with(session::lock_suffix)) changes_.note(key);
    if (session::is_deny_list_key(key)) denied_.doubt();
  }
}

void Work::changed_all() {
  changes_.note_all();
  denied_.doubt();
}

void Work::told_until(Deadline moment) {
  if (moment == Deadline::min()) return changes_.told_until(RecordChanges::never);
  if (moment == Deadline::max()) {
    denied_.extend(Duration::max());
    return changes_.told_until(Duration::max());
  }
  const auto at = clock_->now().steady - io::age_of(moment);
  denied_.extend(at + snapshots_.load()->context->session.cache_max_staleness);
  changes_.told_until(at);
}

void Work::will_not_tell(const Error& why) {
  events_.keep(
      Event::Level::warning, "store-tells-nothing",
      "the session store does not tell of changes, and is asked with every request: " + why.text,
      {});
}

}  // namespace gatelet::engine
