/* A database of your own as the place for sessions: two functions, which may block.
 *
 * Unstable: whoever includes this takes part in trying it out; the next minor version may change it.
 *
 * gatelet asks them where session_store_type is "host". They keep sealed records that the library alone can open, and the
 * locks around them, for all processes that share the database: one conditional write is enough for both.
 * examples/sqlite_store/sqlite_store.c is a whole store; <gatelet/unstable/store_check.h> tries the promises on any other.
 *
 * What holds for both functions:
 *   Blocking:  they may. An engine calls them on a thread of its own, one after the other, never on a thread that decides.
 *              Whoever waits for a call gives up after store_timeout, and what the call then says is not heard. The last
 *              gatelet_engine_release waits for the call under way: bound its time yourself (a busy timeout, a socket's
 *              timeout), or the release waits as long as the call does.
 *   Threads:   one for each engine made from the configuration. They must not call that engine.
 *   Ownership: what is passed is borrowed for the call. Keys and values hold any byte and are not NUL-terminated; a key has
 *              up to 1 KiB, a value up to 1 MiB.
 *   Failure:   any status but GATELET_OK (use GATELET_E_STORE_UNREACHABLE) means that the store cannot be reached: requests
 *              get 503, nobody is signed out. `error` is never NULL; what you put into error->text, NUL-terminated, goes to
 *              the log. It must hold no key and no value. A write that failed may have been carried out or not. A value
 *              above 1 MiB, which gatelet never wrote, is no failure but nobody's session.
 *
 * The first call comes when the first session is looked for, so after a host has forked its workers: open there what must
 * not cross a fork.
 */
#ifndef GATELET_UNSTABLE_STORE_H
#define GATELET_UNSTABLE_STORE_H

#include <gatelet/gatelet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What must be under the key for a write to be carried out. A value whose lifetime has passed is not there. A number you do
 * not know is an error. */
enum {
  GATELET_STORE_ALWAYS = 0,
  GATELET_STORE_NOTHING_THERE = 1,   /* also not an empty value */
  GATELET_STORE_SOMETHING_THERE = 2, /* whatever it is */
  GATELET_STORE_SAME_THERE = 3       /* `expected`, byte for byte */
};

typedef struct {
  uint32_t struct_size;
  uint32_t condition;   /* GATELET_STORE_* */
  gatelet_str key;
  gatelet_str expected; /* of GATELET_STORE_SAME_THERE */
  gatelet_str value;    /* what is there from now on */
  uint32_t erases;      /* 1: nothing is there from now on, and `value` is empty */
  uint32_t reserved;    /* 0 */
  uint64_t lifetime_ms; /* how long, from now; 0: for good. To the millisecond, not shorter */
} gatelet_store_write;
#define GATELET_STORE_WRITE_INIT { (uint32_t)sizeof(gatelet_store_write), 0, { 0, 0 }, { 0, 0 }, { 0, 0 }, 0, 0, 0 }

/* Takes the value that was found, copies it, and returns. Never fails. */
typedef void (*gatelet_store_found_fn)(void *to, gatelet_str value);

typedef struct {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */

  /* Looks for the value under `key`: what the last write to it left, whoever made it. Where there is one, whose lifetime has
   * not passed, calls found(to, value) once, before it returns. Where there is none, returns GATELET_OK without. */
  gatelet_status (*get)(void *user, gatelet_str key, gatelet_store_found_fn found, void *to, gatelet_error *error);

  /* Looks whether the condition holds, and if so writes, as one step: no get sees half of it, and no write of another thread
   * or process comes between. Sets *is_written, which is 0 at first, to 1 when it held; else nothing has changed. To write
   * nothing where nothing is holds as well. */
  gatelet_status (*write)(void *user, const gatelet_store_write *write, int32_t *is_written, gatelet_error *error);
} gatelet_store;
#define GATELET_STORE_INIT { (uint32_t)sizeof(gatelet_store), 0, 0, 0 }

/* gatelet_config_set_store sets where engines made from this configuration keep sessions; session_store_type must say "host".
 * An engine keeps the store it was created with: a reload does not exchange it.
 *   Blocking:  never. Threads: one at a time per configuration.
 *   Ownership: the struct is copied. `user` goes with each call; `drop_user` (may be NULL) is called once with it, when the
 *              configuration and every engine made from it are gone or the configuration got another store, or at once when
 *              this call fails.
 *   Failure:   INVALID_ARGUMENT, OUT_OF_MEMORY. */
GATELET_C_API gatelet_status gatelet_config_set_store(gatelet_config *config, const gatelet_store *store, void *user,
                                                      void (*drop_user)(void *user), gatelet_error *error);

#ifdef __cplusplus
}
#endif

#endif
