// An engine with sessions from a store in its memory, without a store, a provider or a network.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/core.hpp"
#include "session/ticket.hpp"
#include "support/engines.hpp"

namespace gatelet::support {

// It has its sessions as if it had read them from a store that tells of changes.
class Keeper {
 public:
  Keeper()
      : core_(ports_,
              needed(engine::assemble(offline_settings({{"session_store_type", "memory"},
                                                        {"session_cache_size", "4 GiB"}}),
                                      ports_, 1)),
              {}) {
    core_.sessions.changes().told_until(Duration::max());
    core_.denied.take(std::make_shared<const session::DenyList>(), 0, Duration::max());
  }

  // The Cookie header that brings the session back. Adds up what its record and cookie take.
  std::string keep(std::size_t token_size, int serial) {
    const auto snapshot = core_.snapshots.load();
    const auto& context = *snapshot->context;
    const auto now = ports_.clock->now();
    const auto ticket = std::make_shared<const session::Ticket>(
        needed(session::make_ticket(context.session, *ports_.entropy)));
    auto record =
        needed(session::seal_record(context.session, *context.gcm, *ticket,
                                    make_session(now, token_size, serial), *ports_.entropy));
    record_bytes += record.size();
    auto opened =
        needed(session::open_record(context.session, *context.gcm, *ticket, std::move(record)));
    opened.ticket = ticket;
    const auto session = std::make_shared<const session::Session>(std::move(opened));
    const auto cookie = needed(session::write_ticket(context.session, *context.cookie_keys, *ticket,
                                                     *session, "app.example", {}, *ports_.entropy))
                            .front();
    auto header = cookie.substr(0, cookie.find(';'));
    cookie_bytes += header.size();
    const std::vector<HeaderView> headers = {{"Cookie", header}};
    core_.sessions.insert_stored(engine::CookieImage(headers, context.session.cookie_name),
                                 snapshot->generation, session, core_.sessions.changes().last(),
                                 Duration::max());
    return header;
  }

  bool allows(const RequestView& request) {
    const auto outcome = core_.answer(
        request, [](const engine::Question& question) { return engine::decide(question); });
    if (!outcome.ok()) return false;
    const auto* decision = std::get_if<Decision>(&*outcome);
    return decision != nullptr && decision->kind() == Decision::Kind::allow;
  }

  std::size_t record_bytes = 0, cookie_bytes = 0;

 private:
  template <class T>
  static T needed(Result<T> result) {
    if (!result.ok()) std::abort();
    return std::move(result).value();
  }

  const Ports ports_ = [] {
    auto ports = default_ports();
    ports.on_event = nullptr;
    return ports;
  }();
  engine::Core core_;
};

}  // namespace gatelet::support
