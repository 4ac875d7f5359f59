/* gatelet, sessions of one person: listed and ended by the application, without that person's browser.
 *
 * Unstable: may change in any version until it has been used for a while. Everything else is as gatelet.h says. */
#ifndef GATELET_UNSTABLE_SESSIONS_H
#define GATELET_UNSTABLE_SESSIONS_H

#include <gatelet/gatelet.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gatelet_sessions gatelet_sessions; /* a list, owned by the caller; immutable */

/* One of them. Texts belong to the list. */
typedef struct {
  uint32_t struct_size;
  uint32_t is_current;     /* 1: of the request that was given */
  gatelet_str handle;      /* names it for gatelet_revoke_session; no secret, and opens nothing */
  gatelet_str client;      /* the address it was signed in from; empty for one of oauth2-proxy's */
  gatelet_str user_agent;  /* what that browser called itself: a stranger's text, escape it */
  int64_t signed_in_at;    /* seconds since 1970 */
  int64_t seen_at;         /* its sign-in or its last refresh, whichever was later */
  int64_t ends_at;         /* as far as was known then; 0: it does not end by itself */
} gatelet_session_info;
#define GATELET_SESSION_INFO_INIT { (uint32_t)sizeof(gatelet_session_info), 0, { 0, 0 }, { 0, 0 }, { 0, 0 }, 0, 0, 0 }

/* gatelet_list_sessions lists the sessions of a person that are in the session store, the latest sign-in first, 512 at most.
 * `provider`: empty for the only one; it and `subject` are the fields `provider` and `sub` of gatelet_decision_identity.
 * `current`: whose session is marked; may be NULL.
 *   Blocking:  never. Threads: any.
 *   Ownership: all is borrowed for the call. GATELET_OK gives you *out; GATELET_PENDING gives you *pending, for
 *              gatelet_op_wait_sessions or gatelet_op_on_sessions.
 *   Failure:   INVALID_ARGUMENT, also without a subject, or a provider where there are several; INVALID_STATE without a
 *              session store: sessions in cookies are known to their browsers only. STORE_UNREACHABLE,
 *              TOO_MANY_OPERATIONS, FORKED. */
GATELET_C_API gatelet_status gatelet_list_sessions(const gatelet_engine *engine, gatelet_str provider, gatelet_str subject,
                                                   const gatelet_request *current, gatelet_sessions **out,
                                                   gatelet_op **pending, gatelet_error *error);

/* gatelet_revoke_session ends the session of this handle; the list is what was ended: one, or none when the person has no
 * such session. The same contract. */
GATELET_C_API gatelet_status gatelet_revoke_session(const gatelet_engine *engine, gatelet_str provider, gatelet_str subject,
                                                    gatelet_str handle, gatelet_sessions **out, gatelet_op **pending,
                                                    gatelet_error *error);

/* gatelet_revoke_sessions ends all sessions of a person that were signed in until now, but for that of the request `kept`
 * (may be NULL; one that was ended before is not kept); the list is those of them that were listed. They are over in this
 * process at once, or when the store has been asked for a `kept` that is not in memory; in every process that shares the
 * store as soon as it hears of it, at the latest after session_cache_max_staleness; sessions in cookies beside a store that
 * cannot be reached there, when it is back. Works without a store as well, then for this process only and until it ends, and
 * lists nothing. Bearer tokens and passwords are no sessions.
 * The same contract; INVALID_STATE when thousands of people are denied already; those that are listed have ended
 * then all the same. */
GATELET_C_API gatelet_status gatelet_revoke_sessions(const gatelet_engine *engine, gatelet_str provider, gatelet_str subject,
                                                     const gatelet_request *kept, gatelet_sessions **out,
                                                     gatelet_op **pending, gatelet_error *error);

/* gatelet_op_wait and gatelet_op_on_done for an operation that one of these calls gave; others are INVALID_STATE here, and
 * these there. */
typedef void (*gatelet_sessions_fn)(gatelet_status status, gatelet_sessions *sessions, const gatelet_error *error, void *user);
GATELET_C_API gatelet_status gatelet_op_wait_sessions(gatelet_op *op, int timeout_ms, gatelet_sessions **out,
                                                      gatelet_error *error);
GATELET_C_API gatelet_status gatelet_op_on_sessions(gatelet_op *op, gatelet_sessions_fn done, void *user,
                                                    void (*drop_user)(void *user));

/* Reading a list. Blocking: never. Threads: any number at once. Failure: a NULL list is empty; INVALID_ARGUMENT past its end,
 * with *info as it was. */
GATELET_C_API size_t gatelet_sessions_size(const gatelet_sessions *sessions);
GATELET_C_API gatelet_status gatelet_sessions_at(const gatelet_sessions *sessions, size_t i, gatelet_session_info *info);
GATELET_C_API void gatelet_sessions_release(gatelet_sessions *sessions);

#ifdef __cplusplus
}
#endif
#endif
