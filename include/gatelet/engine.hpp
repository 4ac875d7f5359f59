// An Engine answers requests. Create one, share it among all threads; every call may run beside
// every other, reload included. Several engines live in one process without knowing of each other.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <variant>

#include <gatelet/decision.hpp>
#include <gatelet/identity.hpp>
#include <gatelet/operation.hpp>
#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>
#include <gatelet/result.hpp>
#include <gatelet/sessions.hpp>
#include <gatelet/settings.hpp>
#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

// Answered, in flight, or an error: answer an error with Engine::failure().
template <class T>
using Outcome = Result<std::variant<T, Operation<T>>>;

struct LoginOptions {
  std::string_view
      provider;  // id; empty: the request's `provider` parameter, else the first one configured
  std::string_view return_to;   // empty: the request's own wish; judged like any other wish
  std::string_view prompt;      // OpenID Connect `prompt`
  std::string_view login_hint;  // OpenID Connect `login_hint`
  std::string_view acr_values;  // OpenID Connect `acr_values`
};

struct SignOutOptions {
  std::string_view return_to;  // empty: the request's own wish
};

// The loop through which asynchronous completions reach the host.
class GATELET_API Loop {
 public:
  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // A descriptor that is readable while completions wait (level-triggered); -1 when none can be
  // made. Owned by the engine; made at the first call. Blocking: never.
  virtual int fd() const noexcept = 0;

  // Runs waiting callbacks on this thread, at most `max`; how many ran. Several threads may
  // dispatch at once.
  virtual std::size_t dispatch(std::size_t max = static_cast<std::size_t>(-1)) = 0;

  // Caller mode only (setting `driver`): one round of network work, waiting at most `timeout`, then
  // dispatch. False when there is nothing in flight.
  virtual bool run_once(Duration timeout) = 0;

 protected:
  virtual ~Loop();
};

class GATELET_API Engine {
 public:
  // Makes an engine.
  //   Blocking:  reads the files the settings name; no network, no thread, no descriptor.
  //   Failure:   Status::invalid_configuration; the text lists every problem, one a line.
  static Result<std::shared_ptr<Engine>> create(const Settings& settings,
                                                Ports ports = default_ports());
  // Waits for a redemption or refresh that has left, and for a session store that has not taken new
  // tokens yet, within http_timeout; and for a call to the host's own store, as long as that takes.
  ~Engine();

  // Starts the driver now, after a host forked its workers; otherwise the first operation does.
  //   Blocking:  never. Failure: Status::forked, or internal when no thread can be made.
  Result<void> start();

  // Decides one request from memory, or answers with an Operation where a provider or the session
  // store must be asked; the library's own endpoints are recognised by their path.
  //   Blocking:  never.
  //   Threads:   any number at once.
  //   Ownership: the request is borrowed for the call; the answer owns all it views.
  //   Failure:   need_body for a form post whose body is missing; unavailable statuses. Never an
  //   allow.
  Outcome<Decision> decide(const RequestView&) const;

  // The pieces decide() is made of, for hosts that route these endpoints themselves; same contract.
  Outcome<Decision> begin_login(const RequestView&, const LoginOptions& = {}) const;
  Outcome<Decision> finish_login(const RequestView&) const;
  Outcome<Decision> sign_out(const RequestView&, const SignOutOptions& = {}) const;

  // Who is behind a request, for application code; same contract, so an Operation while the session
  // store is asked. Nobody is an Identity without session.
  Outcome<Identity> identify(const RequestView&) const;

  // Sessions of one person, whichever browsers they are in; they need a session store
  // (session_store_type), since sessions in cookies are known to their browsers only. A session
  // that oauth2-proxy wrote is among them once this library has seen it.
  //   Blocking:  never. Threads: any. Ownership: all is borrowed for the call.
  //   Failure:   invalid_argument without a subject, or a provider where there are several;
  //              invalid_state without a store; store_unreachable, too_many_operations.

  // Those there are, the latest sign-in first, 512 at most. `current`: whose session is marked
  // as the current one; may be null.
  Outcome<Sessions> list_sessions(const Person&, const RequestView* current = nullptr) const;

  // Ends the session of this handle; what was ended: one, or none when the person has no such
  // session.
  Outcome<Sessions> revoke_session(const Person&, std::string_view handle) const;

  // Ends all sessions of a person that were signed in until now, but for that of the request
  // `kept`, if one is given and was not ended before; those that were listed. They are over in this
  // process at once, or when the store has been asked for a `kept` that is not in memory; in every
  // process that shares the store as soon as it hears of it, at the latest after
  // session_cache_max_staleness; sessions in cookies beside a store that cannot be reached there,
  // when it is back. Works without a store as well, then for this process only and until it ends,
  // and lists nothing. Bearer tokens and passwords are no sessions.
  //   Failure:   invalid_state too when thousands of people are denied already; the sessions that
  //              are listed have ended then all the same.
  Outcome<Sessions> revoke_sessions(const Person&, const RequestView* kept = nullptr) const;

  // Keeps `value` under `name` in the session behind the request's cookies, where Identity::data()
  // reads it; an empty value removes it. A name is 1 to 64 letters, digits, '-', '_' and '.', a value
  // any bytes; together they may have 4 KiB in cookies, 64 KiB in a store, and 256 names. Same
  // contract as decide(), and the answer is decide()'s for this request: allow with the changed
  // session, unauthorized for nobody, whose session is never brought back. With sessions in cookies
  // response() carries the change: what is not sent to the browser did not happen.
  //   Failure: Status::invalid_argument, data_too_large: nothing changed. store_unreachable: whether
  //            it was changed is not known; doing it again does no harm.
  Outcome<Decision> set_session_data(const RequestView&, std::string_view name,
                                     std::string_view value) const;

  // The page, or JSON for API requests, that goes with an error. Never an allow. Blocking: never.
  // After a fork the status only, without a body.
  Decision failure(const RequestView&, const Error&) const;

  // The line for the host's request log, in request_logging_format, without a line end. Empty when
  // there is to be none: request_logging is off, exclude_logging_paths has the path, or it is a
  // health check and silence_ping_logging on. Call it when the request has been answered. Values
  // of parameters below proxy_prefix are left out (codes and tokens travel there), and no request
  // can forge a line.
  //   Blocking: never. Threads: any. Ownership: all is borrowed for the call. Failure: none; empty
  //             after a fork.
  std::string request_line(const RequestView&, const Decision&, const Served&) const;

  // How many bytes of body decide() wants to see for this request: 0 except for the engine's own
  // POST endpoints and, with signature_key, for every request that has a body. After a fork 0.
  std::size_t body_limit(const RequestView&) const noexcept;

  // Replaces the settings as a whole: requests see the old ones or the new ones, never a mix.
  //   Blocking:  reads the files named. Failure: as create; forked; invalid_configuration, too,
  //   naming the option, where connections, threads or memory were made by what was said before:
  //   the store and the way to it, session_cache_size, driver, max_operations, http_timeout,
  //   http_connections. The old settings stay.
  Result<void> reload(const Settings&);

  // Lives as long as the engine.
  Loop& loop() const noexcept;

  // Numbers about this engine in Prometheus text format; after a fork none. Blocking: never.
  std::string metrics() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
