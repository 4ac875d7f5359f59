/* gatelet: sign-in for your own server. The C API; start here.
 *
 *   gatelet_config    options, collected and judged as a whole; one thread at a time
 *   gatelet_engine    answers requests; share it among all threads
 *   gatelet_decision  what to do with one request; yours to release
 *   gatelet_op        an answer in flight; yours to release, which cancels it
 *
 * The shape of a server:
 *
 *   status = gatelet_decide(engine, &request, &decision, &op, &error);
 *   if (status == GATELET_PENDING) status = gatelet_op_wait(op, 30000, &decision, &error);   (or gatelet_op_on_done)
 *   if (status != GATELET_OK) gatelet_failure(engine, &request, status, &decision);
 *   if (gatelet_decision_kind(decision) == GATELET_ALLOW) ... remove STRIP, add UPSTREAM, call the application, add RESPONSE
 *   else ... answer gatelet_decision_http_status(), RESPONSE headers, gatelet_decision_body()
 *   gatelet_decision_release(decision); gatelet_op_release(op);
 *
 * examples/decide_blocking.c and examples/decide_poll.c are whole programs.
 *
 * Rules that hold everywhere:
 *   - Zero means deny: a NULL decision reads as 401.
 *   - Outputs are NULL unless the call succeeded. Releasing NULL is legal. A NULL where an object is required is
 *     GATELET_E_INVALID_ARGUMENT, or the deny value of a function that returns no status.
 *   - Text is a gatelet_str: pointer and length, not NUL-terminated. What you pass is borrowed for the call; what you get
 *     belongs to the object it came from and lives as long as that.
 *   - A struct begins with struct_size; use its _INIT macro. A smaller struct of an older header works: what it lacks takes
 *     its default. Of a larger one of a newer header the bytes unknown here must be zero.
 *   - A handle that was released must not be used again. No call throws, prints, or ends the process.
 *   - No call installs, keeps or needs a signal's handler, depends on the locale, or lets a broken connection raise SIGPIPE. An
 *     engine's threads hold back every signal but faults of the program (SIGSEGV and its kind).
 *   - A stack of 64 KiB is enough for every call, callbacks of the host not counted. An engine's threads have the process' default.
 *   - The threads of an engine have ended when its last release returns. dlclose is legal at any time, also before that: the
 *     shared library stays in memory, engines go on, and dlopen of the same file finds them as they were. A module that has the
 *     static library inside must not be unloaded before its last engine, operation and decision are released.
 */
#ifndef GATELET_GATELET_H
#define GATELET_GATELET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GATELET_C_API __attribute__((visibility("default")))
#else
#define GATELET_C_API
#endif

/* Opaque objects. */
typedef struct gatelet_config gatelet_config;
typedef struct gatelet_engine gatelet_engine;
typedef struct gatelet_decision gatelet_decision;
typedef struct gatelet_op gatelet_op;

/* Borrowed text. {NULL, 0} is the empty text. */
typedef struct {
  const char *data;
  size_t size;
} gatelet_str;

/* A header field: as received in a request, as to be written in a decision. */
typedef struct {
  gatelet_str name, value;
} gatelet_header;

/* A string literal, or an array of char, as a gatelet_str. */
#define GATELET_LITERAL(text) { (text), sizeof(text) - 1 }

/* ---- status ------------------------------------------------------------------------------------------------------ */

/* How a call ended: 0 done, > 0 not finished, < 0 error. The magnitude is class << 24 | detail; branch on the class
 * (gatelet_status_class), show the text of the gatelet_error. Numbers never change their meaning. */
typedef int32_t gatelet_status;

enum {
  GATELET_CLASS_OK = 0,
  GATELET_CLASS_UNFINISHED = 1,  /* not an error yet */
  GATELET_CLASS_USAGE = 2,       /* the calling program made a mistake */
  GATELET_CLASS_CONFIG = 3,      /* the configuration cannot be used */
  GATELET_CLASS_PEER = 4,        /* a browser or a provider sent something unacceptable */
  GATELET_CLASS_UNAVAILABLE = 5, /* somebody does not answer; trying again may help */
  GATELET_CLASS_CANCELLED = 6,
  GATELET_CLASS_INTERNAL = 7
};

#define GATELET_OK ((gatelet_status)0)
#define GATELET_PENDING ((gatelet_status)0x1000001)   /* the answer is in flight: the gatelet_op has it */
#define GATELET_NEED_BODY ((gatelet_status)0x1000002) /* read up to gatelet_body_limit() bytes of body and call again */

#define GATELET_E_INVALID_ARGUMENT ((gatelet_status)-0x2000001)
#define GATELET_E_INVALID_STATE ((gatelet_status)-0x2000002)
#define GATELET_E_FORKED ((gatelet_status)-0x2000003) /* the engine was started before a fork; create one in the child */
#define GATELET_E_IN_CALLBACK ((gatelet_status)-0x2000004)
#define GATELET_E_DATA_TOO_LARGE ((gatelet_status)-0x2000005)

#define GATELET_E_UNKNOWN_OPTION ((gatelet_status)-0x3000001)
#define GATELET_E_INVALID_VALUE ((gatelet_status)-0x3000002)
#define GATELET_E_INVALID_CONFIGURATION ((gatelet_status)-0x3000003)
#define GATELET_E_UNREADABLE_FILE ((gatelet_status)-0x3000004)
#define GATELET_E_NOT_BUILT ((gatelet_status)-0x3000005)

#define GATELET_E_MALFORMED ((gatelet_status)-0x4000001)
#define GATELET_E_BAD_REQUEST ((gatelet_status)-0x4000002)
#define GATELET_E_BAD_CALLBACK ((gatelet_status)-0x4000003)
#define GATELET_E_STATE_MISSING ((gatelet_status)-0x4000004)
#define GATELET_E_STATE_MISMATCH ((gatelet_status)-0x4000005)
#define GATELET_E_LOGIN_DENIED ((gatelet_status)-0x4000006)
#define GATELET_E_ISSUER_MISMATCH ((gatelet_status)-0x4000007)
#define GATELET_E_TOKEN_REJECTED ((gatelet_status)-0x4000008)
#define GATELET_E_KEY_UNKNOWN ((gatelet_status)-0x4000009)
#define GATELET_E_PROVIDER_REFUSED ((gatelet_status)-0x400000a)
#define GATELET_E_PROVIDER_BAD_ANSWER ((gatelet_status)-0x400000b)
#define GATELET_E_GRANT_ENDED ((gatelet_status)-0x400000c)
#define GATELET_E_NOT_PERMITTED ((gatelet_status)-0x400000d)
#define GATELET_E_INCOMPLETE_IDENTITY ((gatelet_status)-0x400000e)
#define GATELET_E_SESSION_INVALID ((gatelet_status)-0x400000f)
#define GATELET_E_VETOED ((gatelet_status)-0x4000010)

#define GATELET_E_PROVIDER_UNREACHABLE ((gatelet_status)-0x5000001)
#define GATELET_E_PROVIDER_UNAVAILABLE ((gatelet_status)-0x5000002)
#define GATELET_E_TIMED_OUT ((gatelet_status)-0x5000003)
#define GATELET_E_TOO_MANY_OPERATIONS ((gatelet_status)-0x5000004)
#define GATELET_E_STORE_UNREACHABLE ((gatelet_status)-0x5000005)

#define GATELET_E_CANCELLED ((gatelet_status)-0x6000001)

#define GATELET_E_INTERNAL ((gatelet_status)-0x7000001)
#define GATELET_E_OUT_OF_MEMORY ((gatelet_status)-0x7000002)
#define GATELET_E_NO_ENTROPY ((gatelet_status)-0x7000003)
#define GATELET_E_SESSION_TOO_LARGE ((gatelet_status)-0x7000004)

/* What went wrong, in the caller's memory. `text` is one line (for an invalid configuration one line a problem), cut to
 * fit, NUL-terminated, and never holds a secret. After a call that succeeded status is 0 and text is empty. Wherever a
 * call takes a gatelet_error it may be NULL. */
typedef struct {
  uint32_t struct_size;
  gatelet_status status;
  char text[1024];
} gatelet_error;
#define GATELET_ERROR_INIT { (uint32_t)sizeof(gatelet_error), 0, { 0 } }

/* About a status. Blocking: never. Threads: any. An unknown number counts as GATELET_E_INTERNAL. */
GATELET_C_API int gatelet_status_class(gatelet_status status);        /* GATELET_CLASS_* */
GATELET_C_API int gatelet_status_http(gatelet_status status);         /* the HTTP status that goes with it; never 2xx */
GATELET_C_API const char *gatelet_status_name(gatelet_status status); /* "timed_out"; static, NUL-terminated */

/* The version of the library that runs: major << 16 | minor << 8 | patch. */
GATELET_C_API uint32_t gatelet_version(void);

/* ---- configuration ----------------------------------------------------------------------------------------------- */

/* An event is one line for the host's log. All texts are borrowed for the call; none holds a secret. */
enum { GATELET_EVENT_DEBUG = 0, GATELET_EVENT_INFO = 1, GATELET_EVENT_WARNING = 2, GATELET_EVENT_ERROR = 3 };
typedef struct {
  uint32_t struct_size;
  int32_t level;          /* GATELET_EVENT_* */
  gatelet_str code;       /* stable: "login-started" */
  gatelet_str text;       /* one line for people */
  gatelet_str request_id; /* empty where no request caused it */
  gatelet_str provider;   /* the provider's id, or empty */
  gatelet_str detail;     /* more about the cause, for who runs the server; or empty */
  gatelet_str line;       /* the whole in auth_logging_format or standard_logging_format; empty where that kind is off */
} gatelet_event;
typedef void (*gatelet_event_fn)(const gatelet_event *event, void *user);

/* gatelet_config_new makes an empty configuration.
 *   Blocking: never. Threads: one at a time per configuration. Ownership: free it with gatelet_config_free, any time after
 *   gatelet_engine_create. Failure: INVALID_ARGUMENT, OUT_OF_MEMORY. */
GATELET_C_API gatelet_status gatelet_config_new(gatelet_config **out);
GATELET_C_API void gatelet_config_free(gatelet_config *config);

/* gatelet_config_set sets one option by its name in a configuration file ("client_id"); README lists them. A list is
 * comma-separated or a JSON array of strings; header rules and the like are JSON arrays of objects. What is set here wins
 * over environment and files.
 *   Blocking:  never. Threads: one at a time. Ownership: key and value are copied.
 *   Failure:   UNKNOWN_OPTION, the text names the nearest known one; nothing changes. Values are judged by
 *              gatelet_config_check. */
GATELET_C_API gatelet_status gatelet_config_set(gatelet_config *config, gatelet_str key, gatelet_str value, gatelet_error *error);

/* gatelet_config_load adds the options of a file's text; the library opens no file here. `format` is "toml",
 * "json", or "yaml" for oauth2-proxy's alpha configuration: it says all about providers and headers, and ${NAME} in it is a
 * variable of an environment given before (gatelet_config_load_env).
 *   Blocking:  never. Threads: one at a time. Ownership: the text is copied.
 *   Failure:   MALFORMED or UNKNOWN_OPTION, the text names line and key; INVALID_VALUE for another format; NOT_BUILT when
 *              this build reads no such files. Nothing changes then. */
GATELET_C_API gatelet_status gatelet_config_load(gatelet_config *config, gatelet_str format, gatelet_str text, gatelet_error *error);

/* gatelet_config_load_env adds the options of an environment: `variables` as in environ(7), texts "NAME=value" with NULL
 * after the last. GATELET_CLIENT_ID sets client_id, OAUTH2_PROXY_CLIENT_ID the same where the former is not there; other
 * variables are passed over, and so is one without a value and what Kubernetes sets for services called so. What
 * gatelet_config_set was given wins over these, these over every file.
 *   Blocking:  never. Threads: one at a time. Ownership: the texts are copied.
 *   Failure:   UNKNOWN_OPTION or NOT_BUILT, the text names the variables and the nearest known options; nothing changes then. */
GATELET_C_API gatelet_status gatelet_config_load_env(gatelet_config *config, const char *const *variables, gatelet_error *error);

/* gatelet_config_check judges the configuration as a whole and counts its problems; gatelet_config_problem tells the i-th,
 * from 0. No file is read, nothing is connected to.
 *   Blocking:  never. Threads: one at a time. Ownership: none passes.
 *   Failure:   check is GATELET_OK also when there are problems (look at *num_problems); problem is INVALID_ARGUMENT past
 *              the last one, and otherwise GATELET_OK with the problem's own status and text in `error`. */
GATELET_C_API gatelet_status gatelet_config_check(const gatelet_config *config, size_t *num_problems);
GATELET_C_API gatelet_status gatelet_config_problem(const gatelet_config *config, size_t i, gatelet_error *error);

/* gatelet_config_on_event sets who hears of events in engines made from this configuration.
 *   Blocking:  never. Threads: one at a time; `on_event` is called on host threads only, inside the call that caused the
 *              event, gatelet_op_wait or gatelet_loop_dispatch, from several threads at once; one that blocks, blocks that
 *              call. It must not call gatelet_op_wait.
 *   Ownership: `drop_user` (may be NULL) is called once with `user`, when the configuration and every engine made from it
 *              are gone, or at once when this call fails.
 *   Failure:   INVALID_ARGUMENT, OUT_OF_MEMORY. */
GATELET_C_API gatelet_status gatelet_config_on_event(gatelet_config *config, gatelet_event_fn on_event, void *user,
                                                     void (*drop_user)(void *user));

/* ---- engine ------------------------------------------------------------------------------------------------------ */

/* gatelet_engine_create makes an engine that answers by this configuration.
 *   Blocking:  reads the files the options name; no network, no thread, no descriptor.
 *   Threads:   several engines may live in one process. Ownership: one reference is yours, see release.
 *   Failure:   INVALID_CONFIGURATION; the text lists the problems, one a line, as far as they fit. */
GATELET_C_API gatelet_status gatelet_engine_create(const gatelet_config *config, gatelet_engine **out, gatelet_error *error);

/* gatelet_engine_reload replaces the configuration as a whole: requests see the old or the new one, never a mix.
 *   Blocking:  reads the files the options name. Threads: any. Ownership: none passes.
 *   Failure:   as create; FORKED; INVALID_CONFIGURATION, too, naming the option, where connections, threads or memory were
 *              made by what was said before: the store and the way to it, session_cache_size, driver, max_operations,
 *              http_timeout, http_connections. The old configuration stays. Events keep going to whom create knew. */
GATELET_C_API gatelet_status gatelet_engine_reload(gatelet_engine *engine, const gatelet_config *config, gatelet_error *error);

/* gatelet_engine_start starts the engine's driver now, after a host forked its workers; otherwise the first operation does.
 *   Blocking:  never. Threads: any. Ownership: none passes. Failure: FORKED, INTERNAL. */
GATELET_C_API gatelet_status gatelet_engine_start(gatelet_engine *engine);

/* Counts references; the last release ends the engine: operations in flight complete with GATELET_E_CANCELLED.
 *   Blocking:  retain never; the last release waits for a redemption or refresh that has left, and for a session store that has
 *              not taken new tokens yet, within http_timeout; for a call to a store of the host's own (unstable/store.h) and for
 *              a hook of the host's that runs, as long as those take; and where a name is being looked up, for the system's
 *              resolver.
 *   Threads:   any, but never the last release from inside a callback. Failure: none. retain returns its argument. */
GATELET_C_API gatelet_engine *gatelet_engine_retain(gatelet_engine *engine);
GATELET_C_API void gatelet_engine_release(gatelet_engine *engine);

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* What a caller asks about, exactly as received. Borrowed for the call. */
typedef struct {
  uint32_t struct_size;
  uint32_t has_body;      /* 1: `body` is the whole body; only where gatelet_body_limit() > 0 */
  gatelet_str method;     /* "GET" */
  gatelet_str scheme;     /* "https" or "http": how the client reached this server */
  gatelet_str host;       /* the Host field or :authority, with its port */
  gatelet_str target;     /* "/path?query", undecoded */
  gatelet_str peer;       /* the transport's address: "203.0.113.7", "unix:" */
  gatelet_str body;
  const gatelet_header *headers; /* all fields, in order, duplicates kept */
  size_t num_headers;
} gatelet_request;
#define GATELET_REQUEST_INIT \
  { (uint32_t)sizeof(gatelet_request), 0, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, 0, 0 }

typedef struct {
  uint32_t struct_size;
  uint32_t reserved;       /* 0 */
  gatelet_str provider;    /* id; empty: the request's `provider` parameter, else the first one configured */
  gatelet_str return_to;   /* empty: the request's own wish; judged like any other wish */
  gatelet_str prompt;      /* OpenID Connect `prompt` */
  gatelet_str login_hint;  /* OpenID Connect `login_hint` */
  gatelet_str acr_values;  /* OpenID Connect `acr_values` */
} gatelet_login_options;
#define GATELET_LOGIN_OPTIONS_INIT \
  { (uint32_t)sizeof(gatelet_login_options), 0, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } }

typedef struct {
  uint32_t struct_size;
  uint32_t reserved;      /* 0 */
  gatelet_str return_to;  /* empty: the request's own wish */
} gatelet_sign_out_options;
#define GATELET_SIGN_OUT_OPTIONS_INIT { (uint32_t)sizeof(gatelet_sign_out_options), 0, { 0, 0 } }

/* gatelet_decide answers one request; the library's own endpoints are recognised by their path. At once where memory
 * suffices; GATELET_PENDING where the provider or the session store must be asked first.
 *   Blocking:  never.
 *   Threads:   any number at once on one engine.
 *   Ownership: the request is borrowed for the call. GATELET_OK gives you *out; GATELET_PENDING gives you *pending.
 *   Failure:   any other status leaves both NULL and fills the error, if given; answer with gatelet_failure(), or with
 *              gatelet_status_http(status). NEED_BODY: see gatelet_body_limit. */
GATELET_C_API gatelet_status gatelet_decide(const gatelet_engine *engine, const gatelet_request *request,
                                            gatelet_decision **out, gatelet_op **pending, gatelet_error *error);

/* gatelet_identify tells who is behind a request, for application code: a decision with kind and identity only,
 * GATELET_ALLOW for somebody, GATELET_UNAUTHORIZED for nobody. Same contract as gatelet_decide. */
GATELET_C_API gatelet_status gatelet_identify(const gatelet_engine *engine, const gatelet_request *request,
                                              gatelet_decision **out, gatelet_op **pending, gatelet_error *error);

/* gatelet_set_session_data keeps `value` under `name` in the session behind the request's cookies, where the identity field
 * data.NAME reads it; an empty value removes it. A name is 1 to 64 letters, digits, '-', '_' and '.', a value any bytes;
 * together they may have 4 KiB in cookies, 64 KiB in a store, and 256 names. Same contract as gatelet_decide, and the answer is
 * gatelet_decide's for this request: GATELET_ALLOW with the changed session, GATELET_UNAUTHORIZED for nobody, whose session
 * is never brought back. With sessions in cookies the RESPONSE headers carry the change: what is not sent to the browser did
 * not happen.
 *   Failure:   INVALID_ARGUMENT, DATA_TOO_LARGE: nothing changed. STORE_UNREACHABLE: whether it was changed is not known;
 *              doing it again does no harm. */
GATELET_C_API gatelet_status gatelet_set_session_data(const gatelet_engine *engine, const gatelet_request *request,
                                                      gatelet_str name, gatelet_str value, gatelet_decision **out,
                                                      gatelet_op **pending, gatelet_error *error);

/* The pieces gatelet_decide is made of, for hosts that route these endpoints themselves. Options may be NULL. Same contract. */
GATELET_C_API gatelet_status gatelet_begin_login(const gatelet_engine *engine, const gatelet_request *request,
                                                 const gatelet_login_options *options, gatelet_decision **out,
                                                 gatelet_op **pending, gatelet_error *error);
GATELET_C_API gatelet_status gatelet_finish_login(const gatelet_engine *engine, const gatelet_request *request,
                                                  gatelet_decision **out, gatelet_op **pending, gatelet_error *error);
GATELET_C_API gatelet_status gatelet_sign_out(const gatelet_engine *engine, const gatelet_request *request,
                                              const gatelet_sign_out_options *options, gatelet_decision **out,
                                              gatelet_op **pending, gatelet_error *error);

/* gatelet_failure makes the page, or JSON for programs, that goes with an error status; after a fork the status only. Never an allow.
 *   Blocking:  never. Threads: any. Ownership: *out is yours.
 *   Failure:   INVALID_ARGUMENT, OUT_OF_MEMORY: answer gatelet_status_http() with an empty body. */
GATELET_C_API gatelet_status gatelet_failure(const gatelet_engine *engine, const gatelet_request *request,
                                             gatelet_status status, gatelet_decision **out);

/* How many bytes of body gatelet_decide wants for this request: 0 except for the engine's own POST endpoints and, with
 * signature_key, for every request that has a body. A longer body is to be answered 413 by the host.
 *   Blocking: never. Threads: any. Failure: 0, also after a fork. */
GATELET_C_API size_t gatelet_body_limit(const gatelet_engine *engine, const gatelet_request *request);

/* ---- decisions --------------------------------------------------------------------------------------------------- */

/* Kinds follow the HTTP status: 401, 403 (a sign-in page too), 3xx; any other own answer is RESPOND. */
enum {
  GATELET_UNAUTHORIZED = 0,
  GATELET_FORBIDDEN = 1,
  GATELET_REDIRECT = 2,
  GATELET_ALLOW = 3,
  GATELET_RESPOND = 4
};

/* Reading a decision. Blocking: never. Threads: any number at once. Ownership: texts belong to the decision.
 * Failure: none; a NULL decision is UNAUTHORIZED, 401, and empty. */
GATELET_C_API int gatelet_decision_kind(const gatelet_decision *decision);
GATELET_C_API int gatelet_decision_http_status(const gatelet_decision *decision); /* 200 for ALLOW, where the application's counts */
GATELET_C_API gatelet_str gatelet_decision_body(const gatelet_decision *decision);   /* empty for ALLOW */
GATELET_C_API gatelet_str gatelet_decision_reason(const gatelet_decision *decision); /* "no-session"; static, for logs and counters */
GATELET_C_API gatelet_str gatelet_decision_detail(const gatelet_decision *decision); /* for logs: more than the reason says, or empty */
GATELET_C_API gatelet_str gatelet_decision_request_id(const gatelet_decision *decision); /* as pages and events name the request */

/* The headers of a decision, *num of them (`num` may be NULL); NULL when there are none.
 *   STRIP     1. remove every field of these names from the request (values are empty), letter case aside
 *   UPSTREAM  2. add to the request
 *   RESPONSE  3. add to the answer, the application's or the decision's own; several Set-Cookie stay several */
enum { GATELET_STRIP = 0, GATELET_UPSTREAM = 1, GATELET_RESPONSE = 2 };
GATELET_C_API const gatelet_header *gatelet_decision_headers(const gatelet_decision *decision, int set, size_t *num);

/* A field of the identity behind an ALLOW; empty when there is none.
 *   provider sub user email email_verified ("true", "false", empty: not known) preferred_username
 *   groups.0 groups.1 ... (ends with the first empty one) groups_complete ("true", "false")
 *   authenticated_at session_ends (decimal seconds since 1970) claims.NAME (a list or an object as JSON text)
 *   data.NAME (what gatelet_set_session_data keeps: any bytes)
 *   access_token id_token (secrets: handle them so) */
GATELET_C_API gatelet_str gatelet_decision_identity(const gatelet_decision *decision, gatelet_str field);

GATELET_C_API void gatelet_decision_release(gatelet_decision *decision);

/* ---- operations -------------------------------------------------------------------------------------------------- */

/* gatelet_op_wait waits for the answer.
 *   Blocking:  until the answer, or for timeout_ms milliseconds (negative: as long as the operation lasts); with the option
 *              driver = "caller" it drives the engine's loop meanwhile.
 *   Threads:   one waiter at a time per operation. Ownership: GATELET_OK gives you *out, once.
 *   Failure:   GATELET_PENDING: time is up, still in flight. INVALID_STATE: the answer was handed out before. IN_CALLBACK.
 *              FORKED. Else how the operation ended. */
GATELET_C_API gatelet_status gatelet_op_wait(gatelet_op *op, int timeout_ms, gatelet_decision **out, gatelet_error *error);

/* Called once with how the operation ended. `decision` is yours, NULL unless status is GATELET_OK; `error` is borrowed. */
typedef void (*gatelet_done_fn)(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user);

/* gatelet_op_on_done calls `done` from gatelet_loop_dispatch, exactly once, instead of waiting.
 *   Blocking:  never; never inside this call, even when the answer is there already.
 *   Threads:   `done` runs on the thread that dispatches. It may release the operation.
 *   Ownership: `drop_user` (may be NULL) is called once with `user`: after `done`, or when the operation is released before,
 *              or at once when this call fails.
 *   Failure:   INVALID_ARGUMENT; INVALID_STATE when called a second time or after a wait handed the answer out. FORKED.
 *              OUT_OF_MEMORY: nothing was set; try again, or wait. */
GATELET_C_API gatelet_status gatelet_op_on_done(gatelet_op *op, gatelet_done_fn done, void *user, void (*drop_user)(void *user));

/* Completes the operation with GATELET_E_CANCELLED soon, unless the answer is there already. A step that may not be repeated
 * (redeeming a code, a refresh) is carried to its end all the same. Blocking: never. Threads: any. Failure: none. */
GATELET_C_API void gatelet_op_cancel(gatelet_op *op);

/* Cancels, and no callback begins afterwards.
 *   Blocking:  until a callback of this operation that runs on another thread has returned, so hold no lock that it may want;
 *              inside a callback never. Threads: any. Failure: none. */
GATELET_C_API void gatelet_op_release(gatelet_op *op);

/* ---- loop -------------------------------------------------------------------------------------------------------- */

/* A descriptor that is readable while completions wait (level-triggered); -1 when none can be made. Owned by the engine.
 * Blocking: never. Threads: any. */
GATELET_C_API int gatelet_loop_fd(const gatelet_engine *engine);

/* Runs waiting callbacks on this thread, at most `max`; how many ran. Blocking: as long as they do. Threads: several at once. */
GATELET_C_API size_t gatelet_loop_dispatch(gatelet_engine *engine, size_t max);

/* driver = "caller" only: one round of network work, waiting at most timeout_ms, then dispatch. 1: there is more in flight;
 * 0: nothing is, or the engine is NULL. Blocking: up to timeout_ms. Threads: one at a time does the work. */
GATELET_C_API int gatelet_loop_run_once(gatelet_engine *engine, int timeout_ms);

/* ---- request log ------------------------------------------------------------------------------------------------- */

/* What only the host knows of a request that was answered. */
typedef struct {
  uint32_t struct_size;
  int32_t http_status;  /* as it was sent: the application's own where it answered */
  uint64_t body_size;   /* bytes of the body that was sent */
  int64_t took_ns;      /* from the request's arrival to its end */
  gatelet_str protocol; /* "HTTP/1.1"; empty: "-" */
  gatelet_str upstream; /* who answered, as the host names it; empty: "-" */
} gatelet_served;
#define GATELET_SERVED_INIT { (uint32_t)sizeof(gatelet_served), 0, 0, 0, { 0, 0 }, { 0, 0 } }

/* gatelet_request_line writes the line for the host's request log, in request_logging_format and without a line end, when the
 * request has been answered. `write` is not called where there is to be no line: request_logging is off, exclude_logging_paths
 * has the path, it is a health check and silence_ping_logging on, or after a fork. `decision` may be NULL. Values of parameters below
 * proxy_prefix are left out (codes and tokens travel there), and no request can forge a line.
 *   Blocking:  never. Threads: any. Ownership: all is borrowed for the call. Failure: INVALID_ARGUMENT, OUT_OF_MEMORY. */
GATELET_C_API gatelet_status gatelet_request_line(const gatelet_engine *engine, const gatelet_request *request,
                                                  const gatelet_decision *decision, const gatelet_served *served,
                                                  void (*write)(void *user, const char *line, size_t size), void *user);

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* gatelet_metrics writes the engine's counters in Prometheus text format, piece by piece; after a fork an empty text.
 *   Blocking:  never. Threads: any. Ownership: the text is borrowed for each call of `write`. Failure: INVALID_ARGUMENT. */
GATELET_C_API gatelet_status gatelet_metrics(const gatelet_engine *engine,
                                             void (*write)(void *user, const char *text, size_t size), void *user);

#ifdef __cplusplus
}
#endif
#endif
