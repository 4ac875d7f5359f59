/* Tries the promises of unstable/store.h on a store, yours or another: for the test of whoever writes one.
 *
 *   int num_broken = gatelet_store_check(&store, user, user, "check:", stdout);   (0: all are kept)
 *
 * and, in several processes at once, so that a lock that two of them hold or an update that is lost shows:
 *
 *   gatelet_store_check_add(&store, user, "check:", 500, stdout);                 (each)
 *   gatelet_store_check_sum(&store, user, "check:", 4 * 500, stdout);             (one, when four have ended)
 *
 * Prints each broken promise to `out`, one a line, and returns how many there were. Every key begins with `prefix`; keys
 * that are left over from another run must not be there. Blocking: as the store, and a second of waiting. Nothing
 * here is part of the library: it is code for your program, C99 or C++11, for POSIX systems. For a store in C++
 * there is <gatelet/unstable/store_check.hpp>. examples/sqlite_store/check.c is a whole program.
 */
#ifndef GATELET_UNSTABLE_STORE_CHECK_H
#define GATELET_UNSTABLE_STORE_CHECK_H

#include <gatelet/unstable/store.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const gatelet_store *store;
  void *users[2]; /* each call goes to the other one: what one wrote, the other sees */
  unsigned num_calls;
  const char *prefix;
  FILE *out;
  int num_broken;
  char key[1024]; /* the prefix and a name */
  char *value;    /* what the last get found; NULL: nothing */
  size_t value_size;
} gatelet_store_trial;

static inline void gatelet_store_promise(gatelet_store_trial *t, const char *promise, int is_kept) {
  if (is_kept) return;
  ++t->num_broken;
  fprintf(t->out, "not kept: %s\n", promise);
}

static inline void *gatelet_store_next_user(gatelet_store_trial *t) { return t->users[t->num_calls++ % 2]; }

static inline gatelet_str gatelet_store_text(const char *data, size_t size) {
  gatelet_str text;
  text.data = data;
  text.size = size;
  return text;
}

static inline gatelet_str gatelet_store_key(gatelet_store_trial *t, const char *name, size_t size) {
  const size_t prefix_size = strlen(t->prefix);
  if (prefix_size + size > sizeof t->key) size = 0;
  memcpy(t->key, t->prefix, prefix_size);
  memcpy(t->key + prefix_size, name, size);
  return gatelet_store_text(t->key, prefix_size + size);
}

static inline void gatelet_store_forget_value(gatelet_store_trial *t) {
  free(t->value);
  t->value = NULL;
  t->value_size = 0;
}

static inline void gatelet_store_take(void *to, gatelet_str value) {
  gatelet_store_trial *t = (gatelet_store_trial *)to;
  const int is_whole = (value.data != NULL || value.size == 0) && value.size <= 1024 * 1024;
  gatelet_store_promise(t, "get calls found at most once", t->value == NULL);
  gatelet_store_promise(t, "found is told a value that is there, of up to 1 MiB", is_whole);
  gatelet_store_forget_value(t);
  if (!is_whole) return;
  t->value = (char *)malloc(value.size + 1);
  if (t->value == NULL) return;
  if (value.size > 0) memcpy(t->value, value.data, value.size);
  t->value_size = value.size;
}

static inline void gatelet_store_get_key(gatelet_store_trial *t, gatelet_str key) {
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_status status;
  gatelet_store_forget_value(t);
  status = t->store->get(gatelet_store_next_user(t), key, gatelet_store_take, t, &error);
  gatelet_store_promise(t, status == GATELET_OK ? "" : error.text[0] ? error.text : "get succeeds", status == GATELET_OK);
}

/* Whether exactly these bytes are there; `expected` NULL: whether nothing is. */
static inline int gatelet_store_has(gatelet_store_trial *t, const char *name, const char *expected) {
  gatelet_store_get_key(t, gatelet_store_key(t, name, strlen(name)));
  if (expected == NULL) return t->value == NULL;
  return t->value != NULL && t->value_size == strlen(expected) && memcmp(t->value, expected, t->value_size) == 0;
}

static inline int gatelet_store_do(gatelet_store_trial *t, const gatelet_store_write *write) {
  gatelet_error error = GATELET_ERROR_INIT;
  int32_t is_written = 0;
  const gatelet_status status = t->store->write(gatelet_store_next_user(t), write, &is_written, &error);
  gatelet_store_promise(t, status == GATELET_OK ? "" : error.text[0] ? error.text : "write succeeds", status == GATELET_OK);
  return status == GATELET_OK && is_written != 0;
}

/* Whether the condition held. `value` NULL: erases. */
static inline int gatelet_store_put(gatelet_store_trial *t, const char *name, uint32_t condition, const char *expected,
                                    const char *value, uint64_t lifetime_ms) {
  gatelet_store_write write = GATELET_STORE_WRITE_INIT;
  write.condition = condition;
  write.key = gatelet_store_key(t, name, strlen(name));
  if (expected != NULL) write.expected = gatelet_store_text(expected, strlen(expected));
  if (value != NULL) write.value = gatelet_store_text(value, strlen(value));
  write.erases = value == NULL;
  write.lifetime_ms = lifetime_ms;
  return gatelet_store_do(t, &write);
}

static inline void gatelet_store_wait(int milliseconds) { (void)poll(NULL, 0, milliseconds); }

static inline void gatelet_store_check_bytes(gatelet_store_trial *t) {
  enum { large_size = 1024 * 1024, long_size = 900 };
  static const char odd[] = "\0 \r\n\"'`{}%\\\xff";
  gatelet_store_write write = GATELET_STORE_WRITE_INIT;
  char long_name[long_size];
  char *large = (char *)malloc(large_size);
  size_t i;
  if (large == NULL) {
    gatelet_store_promise(t, "there is memory for the check", 0);
    return;
  }
  for (i = 0; i < large_size; ++i) large[i] = (char)(i * 7 + i / 256);
  write.lifetime_ms = 60000;

  write.key = gatelet_store_key(t, "large", 5);
  write.value = gatelet_store_text(large, large_size);
  gatelet_store_promise(t, "a value of 1 MiB is written", gatelet_store_do(t, &write));
  gatelet_store_get_key(t, write.key);
  gatelet_store_promise(t, "a value of 1 MiB, of all bytes, comes back as it was",
                        t->value != NULL && t->value_size == large_size && memcmp(t->value, large, large_size) == 0);
  free(large);
  write.value = gatelet_store_text(NULL, 0);
  gatelet_store_promise(t, "an empty value is written", gatelet_store_do(t, &write));
  gatelet_store_promise(t, "an empty value is a value", gatelet_store_has(t, "large", ""));
  gatelet_store_promise(t, "a value is not under another key", gatelet_store_has(t, "larg", NULL));
  gatelet_store_promise(t, "a value is not under a key in other letters", gatelet_store_has(t, "Large", NULL));

  write.key = gatelet_store_key(t, odd, sizeof odd);
  write.value = gatelet_store_text(odd, sizeof odd);
  gatelet_store_promise(t, "a key of odd bytes is written", gatelet_store_do(t, &write));
  gatelet_store_get_key(t, write.key);
  gatelet_store_promise(t, "a value under a key of odd bytes comes back",
                        t->value != NULL && t->value_size == sizeof odd && memcmp(t->value, odd, sizeof odd) == 0);
  gatelet_store_get_key(t, gatelet_store_key(t, odd, 1));
  gatelet_store_promise(t, "a key does not end at a NUL", t->value == NULL);
  gatelet_store_get_key(t, gatelet_store_key(t, odd, sizeof odd - 1));
  gatelet_store_promise(t, "a NUL at a key's end counts", t->value == NULL);

  memset(long_name, 'k', sizeof long_name);
  write.key = gatelet_store_key(t, long_name, sizeof long_name);
  gatelet_store_promise(t, "a key of 900 bytes is written", gatelet_store_do(t, &write));
  gatelet_store_get_key(t, write.key);
  gatelet_store_promise(t, "a value under a key of 900 bytes comes back", t->value != NULL);
  gatelet_store_get_key(t, gatelet_store_key(t, long_name, sizeof long_name - 1));
  gatelet_store_promise(t, "a long key is not cut", t->value == NULL);
}

static inline void gatelet_store_check_conditions(gatelet_store_trial *t) {
  enum { always = GATELET_STORE_ALWAYS, nothing = GATELET_STORE_NOTHING_THERE, something = GATELET_STORE_SOMETHING_THERE, same = GATELET_STORE_SAME_THERE };
  gatelet_store_promise(t, "where nothing is, something_there does not hold", !gatelet_store_put(t, "c", something, NULL, "1", 60000));
  gatelet_store_promise(t, "where nothing is, same_there does not hold", !gatelet_store_put(t, "c", same, "1", "1", 60000));
  gatelet_store_promise(t, "where nothing is, no empty value is", !gatelet_store_put(t, "c", same, "", "1", 60000));
  gatelet_store_promise(t, "a write whose condition did not hold wrote nothing", gatelet_store_has(t, "c", NULL));
  gatelet_store_promise(t, "where nothing is, nothing_there holds", gatelet_store_put(t, "c", nothing, NULL, "", 60000));
  gatelet_store_promise(t, "an empty value is not nothing", !gatelet_store_put(t, "c", nothing, NULL, "1", 60000));
  gatelet_store_promise(t, "an empty value is something", gatelet_store_put(t, "c", something, NULL, "abc", 60000));
  gatelet_store_promise(t, "where something is, nothing_there does not hold", !gatelet_store_put(t, "c", nothing, NULL, "2", 60000));
  gatelet_store_promise(t, "same_there compares the whole value, not its beginning", !gatelet_store_put(t, "c", same, "ab", "2", 60000));
  gatelet_store_promise(t, "same_there compares the whole of what is expected", !gatelet_store_put(t, "c", same, "abcd", "2", 60000));
  gatelet_store_promise(t, "same_there tells letters apart", !gatelet_store_put(t, "c", same, "ABC", "2", 60000));
  gatelet_store_promise(t, "a condition that did not hold changed nothing", gatelet_store_has(t, "c", "abc"));
  gatelet_store_promise(t, "same_there holds where the same is", gatelet_store_put(t, "c", same, "abc", "2", 60000));
  gatelet_store_promise(t, "what same_there wrote is there", gatelet_store_has(t, "c", "2"));
  gatelet_store_promise(t, "always writes over what is there", gatelet_store_put(t, "c", always, NULL, "3", 60000) && gatelet_store_has(t, "c", "3"));
  gatelet_store_promise(t, "to erase what is not the same does not hold", !gatelet_store_put(t, "c", same, "2", NULL, 0));
  gatelet_store_promise(t, "and erases nothing", gatelet_store_has(t, "c", "3"));
  gatelet_store_promise(t, "to erase what is the same holds", gatelet_store_put(t, "c", same, "3", NULL, 0));
  gatelet_store_promise(t, "and erases it", gatelet_store_has(t, "c", NULL));
  gatelet_store_promise(t, "to erase what is gone, if it were the same, does not hold", !gatelet_store_put(t, "c", same, "3", NULL, 0));
  gatelet_store_promise(t, "to erase always holds, also where nothing is", gatelet_store_put(t, "c", always, NULL, NULL, 0));
  gatelet_store_promise(t, "to erase where nothing is leaves nothing", gatelet_store_has(t, "c", NULL));
}

static inline void gatelet_store_check_lifetimes(gatelet_store_trial *t) {
  enum { always = GATELET_STORE_ALWAYS, nothing = GATELET_STORE_NOTHING_THERE, something = GATELET_STORE_SOMETHING_THERE, same = GATELET_STORE_SAME_THERE };
  static const char *const ended[] = {"e1", "e2", "e3", "e4"};
  size_t i;
  for (i = 0; i < 4; ++i) gatelet_store_put(t, ended[i], always, NULL, "old", 300);
  gatelet_store_put(t, "not yet", always, NULL, "1", 10000);
  gatelet_store_put(t, "longer", always, NULL, "1", 300);
  gatelet_store_put(t, "longer", always, NULL, "2", 60000);
  gatelet_store_put(t, "kept", always, NULL, "1", 60000);
  gatelet_store_put(t, "kept", nothing, NULL, "2", 300);
  gatelet_store_put(t, "shorter", always, NULL, "1", 60000);
  gatelet_store_put(t, "shorter", something, NULL, "2", 300);
  gatelet_store_put(t, "again", always, NULL, "1", 60000);
  gatelet_store_put(t, "again", same, "1", "1", 300);
  gatelet_store_put(t, "for good", always, NULL, "1", 300);
  gatelet_store_put(t, "for good", always, NULL, "2", 0);
  gatelet_store_put(t, "no more", always, NULL, "1", 0);
  gatelet_store_put(t, "no more", always, NULL, "2", 300);
  gatelet_store_wait(600);
  gatelet_store_promise(t, "a value is there until its lifetime has passed", gatelet_store_has(t, "not yet", "1"));
  gatelet_store_promise(t, "a value is gone when its lifetime has passed", gatelet_store_has(t, "e1", NULL));
  gatelet_store_promise(t, "where a lifetime has passed, something_there does not hold", !gatelet_store_put(t, "e2", something, NULL, "new", 60000));
  gatelet_store_promise(t, "where a lifetime has passed, same_there does not hold", !gatelet_store_put(t, "e3", same, "old", "new", 60000));
  gatelet_store_promise(t, "where a lifetime has passed, nothing_there holds", gatelet_store_put(t, "e4", nothing, NULL, "new", 60000));
  gatelet_store_promise(t, "and the new value is there", gatelet_store_has(t, "e4", "new"));
  gatelet_store_promise(t, "a longer lifetime replaces a shorter one", gatelet_store_has(t, "longer", "2"));
  gatelet_store_promise(t, "a write whose condition did not hold leaves the lifetime", gatelet_store_has(t, "kept", "1"));
  gatelet_store_promise(t, "a shorter lifetime replaces a longer one", gatelet_store_has(t, "shorter", NULL));
  gatelet_store_promise(t, "the same value again begins a new lifetime", gatelet_store_has(t, "again", NULL));
  gatelet_store_promise(t, "a lifetime of 0 is for good", gatelet_store_has(t, "for good", "2"));
  gatelet_store_promise(t, "a lifetime replaces one for good", gatelet_store_has(t, "no more", NULL));
  gatelet_store_put(t, "for good", always, NULL, NULL, 0);
}

static inline gatelet_store_trial gatelet_store_trial_of(const gatelet_store *store, void *user, void *other_user, const char *prefix, FILE *out) {
  gatelet_store_trial t;
  memset(&t, 0, sizeof t);
  t.store = store;
  t.users[0] = user;
  t.users[1] = other_user;
  t.prefix = prefix;
  t.out = out;
  return t;
}

/* All promises that one thread can try. `other_user` may be a second connection to the same database, or `user` again. */
static inline int gatelet_store_check(const gatelet_store *store, void *user, void *other_user, const char *prefix, FILE *out) {
  gatelet_store_trial t = gatelet_store_trial_of(store, user, other_user, prefix, out);
  gatelet_store_promise(&t, "the prefix has at most 100 bytes", strlen(prefix) <= 100);
  if (t.num_broken > 0) return t.num_broken;
  gatelet_store_check_bytes(&t);
  gatelet_store_check_conditions(&t);
  gatelet_store_check_lifetimes(&t);
  gatelet_store_forget_value(&t);
  return t.num_broken;
}

static inline int gatelet_store_number(gatelet_store_trial *t, const char *name) {
  gatelet_store_get_key(t, gatelet_store_key(t, name, strlen(name)));
  if (t->value == NULL) return 0;
  t->value[t->value_size] = '\0';
  return atoi(t->value);
}

/* Adds one so often to a number that is swapped only where nobody else has, and to one that a lock guards. Several may, at
 * once. The lock's lease is five seconds: after that the lock of a process that was killed is another's. */
static inline int gatelet_store_check_add(const gatelet_store *store, void *user, const char *prefix, int times, FILE *out) {
  gatelet_store_trial t = gatelet_store_trial_of(store, user, user, prefix, out);
  char owner[64], before[16], after[16];
  int i, number, is_done;
  snprintf(owner, sizeof owner, "%ld %p", (long)getpid(), (void *)&t);
  for (i = 0; i < times && t.num_broken == 0; ++i) {
    do {
      number = gatelet_store_number(&t, "swapped");
      snprintf(before, sizeof before, "%d", number);
      snprintf(after, sizeof after, "%d", number + 1);
      is_done = gatelet_store_put(&t, "swapped", t.value == NULL ? GATELET_STORE_NOTHING_THERE : GATELET_STORE_SAME_THERE, before, after, 0);
    } while (!is_done && t.num_broken == 0);

    while (!gatelet_store_put(&t, "lock", GATELET_STORE_NOTHING_THERE, NULL, owner, 5000) && t.num_broken == 0) gatelet_store_wait(1);
    snprintf(after, sizeof after, "%d", gatelet_store_number(&t, "guarded") + 1);
    gatelet_store_put(&t, "guarded", GATELET_STORE_ALWAYS, NULL, after, 0);
    gatelet_store_promise(&t, "a lock is its owner's until it is released", gatelet_store_put(&t, "lock", GATELET_STORE_SAME_THERE, owner, NULL, 0));
  }
  gatelet_store_forget_value(&t);
  return t.num_broken;
}

/* Whether the numbers are what all added together, then erases them. */
static inline int gatelet_store_check_sum(const gatelet_store *store, void *user, const char *prefix, int expected, FILE *out) {
  gatelet_store_trial t = gatelet_store_trial_of(store, user, user, prefix, out);
  gatelet_store_promise(&t, "no update is lost where same_there is asked for", gatelet_store_number(&t, "swapped") == expected);
  gatelet_store_promise(&t, "a lock has one owner", gatelet_store_number(&t, "guarded") == expected);
  gatelet_store_put(&t, "swapped", GATELET_STORE_ALWAYS, NULL, NULL, 0);
  gatelet_store_put(&t, "guarded", GATELET_STORE_ALWAYS, NULL, NULL, 0);
  gatelet_store_forget_value(&t);
  return t.num_broken;
}

#ifdef __cplusplus
}
#endif

#endif
