// Ports: what the library asks the world for, so that a test or a host can answer instead.
//
// Time, chance and files come in here, and the host's own store of sessions, if it has one; the
// network does not (the library owns its connections).
// Every port is shared by all threads of an engine and must be safe to call from any of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <gatelet/identity.hpp>
#include <gatelet/result.hpp>
#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

using Duration = std::chrono::nanoseconds;
using Deadline = std::chrono::steady_clock::time_point;

// One moment on both clocks. Expiry is judged on the wall clock; caches and time-outs on the steady
// one, which a step of the system's clock does not move.
struct Instant {
  Duration wall{};    // since 1970-01-01T00:00:00Z, leap seconds not counted
  Duration steady{};  // since some fixed moment; never goes back

  constexpr std::int64_t unix_seconds() const noexcept {  // rounded down, also before 1970
    return std::chrono::floor<std::chrono::seconds>(wall).count();
  }
  friend constexpr Instant operator+(Instant at, Duration d) noexcept {
    return {at.wall + d, at.steady + d};
  }
  friend constexpr Instant operator-(Instant at, Duration d) noexcept {
    return {at.wall - d, at.steady - d};
  }
  friend constexpr bool operator==(const Instant&, const Instant&) noexcept = default;
};

class GATELET_API Clock {
 public:
  virtual ~Clock();
  // Blocking: never. Failure: none.
  virtual Instant now() const noexcept = 0;

  // What times in log lines are ahead of UTC. Unless overridden nothing: lines are in UTC.
  virtual Duration utc_offset(Instant) const noexcept;
};

class GATELET_API Entropy {
 public:
  virtual ~Entropy();
  // Fills all of `out` with bytes fit for keys. Blocking: only while the system has never been
  // seeded. Failure: Status::no_entropy, with `out` unspecified; nothing is then issued.
  virtual Result<void> fill(std::span<std::byte> out) noexcept = 0;
};

class GATELET_API Files {
 public:
  virtual ~Files();
  // The whole content, up to `max_size` bytes. Called by Engine::create and reload, and by the
  // driver's loop for a file that is watched.
  // Failure: Status::unreadable_file; the text says why, not what stands in it.
  virtual Result<std::string> read(std::string_view path, std::size_t max_size) = 0;

  // A text that becomes another one whenever the file is written; empty: not to be told, and a
  // watched file is read each time. Unless overridden, empty.
  virtual std::string stamp(std::string_view path);
};

// An Event is one line for the host's log: what happened, never a secret.
struct Event {
  enum class Level : std::uint8_t { debug, info, warning, error };
  Level level = Level::info;
  std::string_view code;         // stable, "login-started"
  std::string_view text;         // one line for people
  std::string_view request_id;   // empty where no request caused it
  std::string_view provider;     // the provider's id, or empty
  std::string_view detail = {};  // more about the cause, for who runs the server; or empty
  // The whole in auth_logging_format or standard_logging_format, for hosts that write
  // oauth2-proxy's log; empty where that kind is off, and for what is of level debug.
  std::string_view line = {};
};

// Called on host threads only: inside the call that caused the event, Operation::wait or
// Loop::dispatch. A callback that blocks, blocks that call. It must not call back into the engine's
// wait, and must not throw.
using EventSink = std::function<void(const Event&)>;

class SessionStore;  // store.hpp

// A SessionEvent is one moment in the life of somebody's session, told before its consequences.
struct SessionEvent {
  enum class Moment : std::uint8_t { authenticated, created, refreshed, ended };
  Moment moment;
  Identity identity;     // who it is about, with what is known at this moment; may be kept
  std::string provider;  // the id of the provider that vouched; empty: it was a password
  // Of the request that brought it about; empty where none did.
  std::string host;
  std::string path;    // as sent, without the query: codes and tokens travel there
  std::string client;  // its address, behind trusted proxies the one they name
};

// What the host has to say: nothing, which is `return {};`, or a veto, an Error whose text goes to
// the log (one line of 256 bytes at most).
using SessionHook = std::function<Result<void>(const SessionEvent&)>;

// SessionHooks let the host have its say in the life of sessions. Each may be empty.
//
//   authenticated  A provider's tokens were verified, or a password is right: it is known who
//                  somebody is. The engine's rules (email_domains, allowed_groups) come after it.
//                  Veto: nobody is signed in, the answer is 403.
//   created        The rules let them in; the session is about to be kept, in cookies or a store.
//                  Veto: nothing is kept, the answer is 403.
//   refreshed      The provider gave new tokens, which are about to replace the old ones. Veto: the
//                  session is over, since its old tokens may be good for nothing by now: its record
//                  is erased, its cookies are cleared, the answer is 403. While this hook is set no
//                  session is renewed behind an answer: a request waits, and with it somebody who
//                  calls the hook. An engine that ends first keeps the new tokens unasked.
//   ended          Somebody signed out, or the provider ended the grant. The session is over
//                  already, whatever the hook says: nobody can be kept signed in. Veto of a
//                  sign-out: what would follow it does not (the provider is not told, by
//                  backend_logout_url or end_session), the answer is a 403 that clears the cookies.
//                  At the end of a grant a veto changes nothing. Sessions that run out, that
//                  `refreshed` ended, or whose record could not be erased are not told.
//
// Bearer tokens and HTTP Basic passwords are not sessions: no hook is called for them. A hook is
// called once for each event in the process that does the work, however many requests wait for it.
//
//   Blocking:  a hook that blocks, blocks the call it runs in, and the requests that wait for its
//              verdict; the engine goes on. Without hooks nothing is waited for.
//   Threads:   host threads only: whichever comes first to Operation::wait or Loop::dispatch
//              (run_once), for whatever operation; Loop::fd says that one is due. Several hooks may
//              run at once. It must not wait on the same engine (Status::in_callback), nor end it.
//   Failure:   a hook that throws, or that nobody has called by the end of the operation's time
//              (three times http_timeout), is a veto. Once the engine is being destroyed none
//              begins, one that runs is waited for, and what it was asked about does not happen.
struct SessionHooks {
  SessionHook authenticated, created, refreshed, ended;
};

struct Ports {
  std::shared_ptr<const Clock> clock;
  std::shared_ptr<Entropy> entropy;
  std::shared_ptr<Files> files;
  EventSink on_event;  // may be empty
  // Where sessions are kept with session_store_type = "host"; else null.
  std::shared_ptr<SessionStore> store;
  SessionHooks hooks;
};

// The system's own clock, random source and files; no event sink and no hooks.
GATELET_API Ports default_ports();

}  // namespace gatelet::inline GATELET_CXX_ABI
