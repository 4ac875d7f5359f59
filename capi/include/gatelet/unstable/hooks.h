/* gatelet, unstable: session hooks, by which the host has its say in the life of sessions. It may change in any version.
 *
 *   AUTHENTICATED  it is known who somebody is; the engine's rules come after it. Veto: nobody is signed in, 403.
 *   CREATED        the rules let them in, the session is about to be kept. Veto: nothing is kept, 403.
 *   REFRESHED      new tokens are about to replace the old ones. Veto: the session is over, its cookies are cleared, 403.
 *                  While there is such a hook no session is renewed behind an answer.
 *   ENDED          somebody signed out, or the provider ended the grant; the session is over already. Veto of a sign-out: what
 *                  would follow it does not (the provider is not told), the answer is a 403 that clears the cookies.
 *
 * Bearer tokens and HTTP Basic passwords are not sessions. include/gatelet/ports.hpp (SessionHooks) says it at length.
 */
#ifndef GATELET_UNSTABLE_HOOKS_H
#define GATELET_UNSTABLE_HOOKS_H

#include <gatelet/gatelet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  GATELET_SESSION_AUTHENTICATED = 1,
  GATELET_SESSION_CREATED = 2,
  GATELET_SESSION_REFRESHED = 4,
  GATELET_SESSION_ENDED = 8
};

/* One moment in the life of somebody's session. Everything in it is borrowed for the call. */
typedef struct {
  uint32_t struct_size;
  uint32_t moment;                  /* one GATELET_SESSION_* */
  const gatelet_decision *identity; /* who: read it with gatelet_decision_identity */
  gatelet_str provider;             /* the id of the provider that vouched; empty: it was a password */
  gatelet_str host;                 /* of the request that brought it about; empty where none did */
  gatelet_str path;                 /* as sent, without the query */
  gatelet_str client;               /* its address */
} gatelet_session_event;

/* GATELET_OK: nothing against it. Anything else is a veto; what is written to why->text goes to the log, one line of 256 bytes
 * at most. */
typedef gatelet_status (*gatelet_session_fn)(const gatelet_session_event *event, gatelet_error *why, void *user);

/* gatelet_config_on_session sets who is asked at these moments (GATELET_SESSION_*, one or several by |) in engines made from
 * this configuration; a later call replaces an earlier one for the moments it names. gatelet_engine_reload changes nothing.
 *   Blocking:  never. A hook that blocks, blocks the call it runs in, and the requests that wait for its verdict.
 *   Threads:   one at a time; `on_session` is called on host threads only, whichever comes first to gatelet_op_wait,
 *              gatelet_loop_dispatch or gatelet_loop_run_once for whatever operation, from several threads at once. It must not
 *              call gatelet_op_wait nor release the engine for the last time. One that nobody has called by the end of the
 *              operation's time (three times http_timeout) is a veto.
 *   Ownership: `drop_user` (may be NULL) is called once with `user`, when the configuration and every engine made from it are
 *              gone or use other hooks, or at once when this call fails.
 *   Failure:   INVALID_ARGUMENT for NULL, no moment or one that is unknown; OUT_OF_MEMORY. */
GATELET_C_API gatelet_status gatelet_config_on_session(gatelet_config *config, uint32_t moments, gatelet_session_fn on_session,
                                                       void *user, void (*drop_user)(void *user));

#ifdef __cplusplus
}
#endif
#endif
