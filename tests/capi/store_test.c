/* A host's store in C: one in memory, how it is registered, called and let go, and that the check of unstable/store_check.h
 * finds every promise that a store breaks. */
#include <gatelet/unstable/store_check.h>

#include <stdlib.h>
#include <time.h>

#include "engine_for_test.h"

/* What a store of the test does wrong. */
enum {
  NO_FAULT,
  FAILS,
  TELLS_TWICE,
  TELLS_NO_DATA,
  TELLS_TOO_MUCH,
  CUTS_VALUES,
  CUTS_KEYS_AT_NUL,
  CUTS_LONG_KEYS,
  FOLDS_KEYS,
  EMPTY_IS_NOTHING,
  IGNORES_NOTHING_THERE,
  IGNORES_SOMETHING_THERE,
  IGNORES_SAME_THERE,
  COMPARES_BEGINNINGS,
  IGNORES_LIFETIMES,
  LIFETIME_IS_NEVER_LONGER,
  LIFETIME_IS_MICROSECONDS,
  SAME_AGAIN_KEEPS_ITS_LIFETIME,
  LIFETIME_IS_SECONDS,
  CONDITIONS_SEE_THE_ENDED,
  NEVER_ERASES,
  SAYS_ALWAYS_WRITTEN,
  WRITES_IN_SPITE_OF_ITS_ANSWER,
  KEEPS_FOR_EACH_CONNECTION,
  NUM_FAULTS
};

enum { max_records = 64, max_key = 1024 };

typedef struct {
  char key[max_key];
  size_t key_size;
  char *value;
  size_t value_size;
  int64_t ends; /* milliseconds; 0: never */
} record;

typedef struct memory {
  record records[max_records];
  int fault;
  int num_dropped, num_calls;
} memory;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t key_size_of(const memory *m, gatelet_str key) {
  size_t size = key.size;
  if (m->fault == CUTS_KEYS_AT_NUL && memchr(key.data, '\0', key.size)) size = (size_t)((const char *)memchr(key.data, '\0', key.size) - key.data);
  if (m->fault == CUTS_LONG_KEYS && size > 255) size = 255;
  return size;
}

static char folded(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static int is_key(const memory *m, const record *r, gatelet_str key) {
  size_t i, size = key_size_of(m, key);
  if (r->value == NULL || r->key_size != size) return 0;
  for (i = 0; i < size; ++i) {
    if (m->fault == FOLDS_KEYS ? folded(r->key[i]) != folded(key.data[i]) : r->key[i] != key.data[i]) return 0;
  }
  return 1;
}

static record *place_of(memory *m, gatelet_str key) {
  size_t i;
  for (i = 0; i < max_records; ++i) {
    if (is_key(m, &m->records[i], key)) return &m->records[i];
  }
  return NULL;
}

static int has_ended(const memory *m, const record *r) {
  return m->fault != IGNORES_LIFETIMES && r->ends != 0 && r->ends <= now_ms();
}

static record *live(memory *m, gatelet_str key) {
  record *r = place_of(m, key);
  if (r == NULL || has_ended(m, r) || (m->fault == EMPTY_IS_NOTHING && r->value_size == 0)) return NULL;
  return r;
}

static void clear(record *r) {
  free(r->value);
  memset(r, 0, sizeof *r);
}

static gatelet_status memory_get(void *user, gatelet_str key, gatelet_store_found_fn found, void *to, gatelet_error *error) {
  memory *m = user;
  record *r = live(m, key);
  gatelet_str value = {NULL, 0};
  ++m->num_calls;
  if (m->fault == FAILS) {
    strcpy(error->text, "out of order");
    return GATELET_E_STORE_UNREACHABLE;
  }
  if (m->fault == TELLS_NO_DATA || m->fault == TELLS_TOO_MUCH) {
    value.data = m->fault == TELLS_NO_DATA ? NULL : "x";
    value.size = m->fault == TELLS_NO_DATA ? 1 : (size_t)1024 * 1024 + 1;
    found(to, value);
  }
  if (r == NULL) return GATELET_OK;
  value.data = r->value;
  value.size = m->fault == CUTS_VALUES && r->value_size > 65536 ? 65536 : r->value_size;
  found(to, value);
  if (m->fault == TELLS_TWICE) found(to, value);
  return GATELET_OK;
}

static int holds(const memory *m, const gatelet_store_write *write, const record *r) {
  size_t size = write->expected.size;
  switch (write->condition) {
    case GATELET_STORE_NOTHING_THERE: return m->fault == IGNORES_NOTHING_THERE || r == NULL;
    case GATELET_STORE_SOMETHING_THERE: return m->fault == IGNORES_SOMETHING_THERE || r != NULL;
    case GATELET_STORE_SAME_THERE:
      if (m->fault == IGNORES_SAME_THERE) return r != NULL;
      if (r == NULL || size > r->value_size) return 0;
      if (m->fault != COMPARES_BEGINNINGS && size != r->value_size) return 0;
      return size == 0 || memcmp(r->value, write->expected.data, size) == 0;
    default: return 1;
  }
}

static void store_value(memory *m, const gatelet_store_write *write, record *old) {
  const int64_t before = old == NULL ? 0 : old->ends;
  const int64_t factor = m->fault == LIFETIME_IS_SECONDS ? 1000 : 1, divisor = m->fault == LIFETIME_IS_MICROSECONDS ? 1000 : 1;
  const int64_t ends = write->lifetime_ms == 0 ? 0 : now_ms() + (int64_t)write->lifetime_ms * factor / divisor;
  const int is_same = m->fault == SAME_AGAIN_KEEPS_ITS_LIFETIME && write->condition == GATELET_STORE_SAME_THERE;
  size_t i;
  if (old != NULL) clear(old);
  for (i = 0; i < max_records && m->records[i].value != NULL; ++i) {
  }
  if (i == max_records) return;
  m->records[i].key_size = key_size_of(m, write->key);
  memcpy(m->records[i].key, write->key.data, m->records[i].key_size);
  m->records[i].value = malloc(write->value.size + 1);
  m->records[i].value_size = write->value.size;
  if (write->value.size > 0) memcpy(m->records[i].value, write->value.data, write->value.size);
  m->records[i].ends = ends;
  if (m->fault == LIFETIME_IS_NEVER_LONGER && before != 0 && (ends == 0 || before < ends)) m->records[i].ends = before;
  if (is_same) m->records[i].ends = before;
}

static gatelet_status memory_write(void *user, const gatelet_store_write *write, int32_t *is_written, gatelet_error *error) {
  memory *m = user;
  record *there = place_of(m, write->key);
  int is_held;
  ++m->num_calls;
  if (m->fault == FAILS) {
    strcpy(error->text, "out of order");
    return GATELET_E_STORE_UNREACHABLE;
  }
  is_held = holds(m, write, m->fault == CONDITIONS_SEE_THE_ENDED ? there : live(m, write->key));
  *is_written = is_held || m->fault == SAYS_ALWAYS_WRITTEN;
  if (!is_held && m->fault != WRITES_IN_SPITE_OF_ITS_ANSWER) return GATELET_OK;
  if (!write->erases) {
    store_value(m, write, there);
  } else if (there != NULL && m->fault != NEVER_ERASES) {
    clear(there);
  }
  return GATELET_OK;
}

static gatelet_store functions(void) {
  gatelet_store store = GATELET_STORE_INIT;
  store.get = memory_get;
  store.write = memory_write;
  return store;
}

static void count_drop(void *user) {
  memory *m = user;
  size_t i;
  for (i = 0; i < max_records; ++i) clear(&m->records[i]);
  ++m->num_dropped;
}

static memory *new_memory(int fault) {
  memory *m = calloc(1, sizeof *m);
  m->fault = fault;
  return m;
}

static void a_store_without_fault_keeps_every_promise(void) {
  memory *m = new_memory(NO_FAULT);
  const gatelet_store store = functions();
  CHECK(gatelet_store_check(&store, m, m, "check:", stdout) == 0);
  CHECK(gatelet_store_check_add(&store, m, "check:", 7, stdout) == 0);
  CHECK(gatelet_store_check_sum(&store, m, "check:", 7, stdout) == 0);
  CHECK(m->num_calls > 50);
  count_drop(m);
  free(m);
}

static void every_broken_promise_is_found(void) {
  int fault;
  const gatelet_store store = functions();
  FILE *out = fopen("/dev/null", "w");
  for (fault = NO_FAULT + 1; fault < NUM_FAULTS; ++fault) {
    memory *m = new_memory(fault);
    memory *other = fault == KEEPS_FOR_EACH_CONNECTION ? new_memory(fault) : m;
    const int num_broken = gatelet_store_check(&store, m, other, "check:", out);
    if (num_broken == 0) printf("fault %d was not found\n", fault);
    CHECK(num_broken > 0);
    count_drop(m);
    if (other != m) count_drop(other);
    if (other != m) free(other);
    free(m);
  }
  fclose(out);
}

static void what_does_not_add_up_is_found(void) {
  memory *m = new_memory(NO_FAULT);
  const gatelet_store store = functions();
  FILE *out = fopen("/dev/null", "w");
  CHECK(gatelet_store_check_add(&store, m, "check:", 3, out) == 0);
  CHECK(gatelet_store_check_sum(&store, m, "check:", 4, out) == 2);
  fclose(out);
  count_drop(m);
  free(m);
}

static gatelet_config *host_config(void) {
  gatelet_config *config = offline_config();
  set_option(config, "session_store_type", "host");
  set_option(config, "store_timeout", "10s");
  return config;
}

static int ready(gatelet_engine *engine) {
  gatelet_request request = request_for("/ready");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  int http;
  gatelet_status status = gatelet_decide(engine, &request, &decision, &op, &error);
  CHECK(status == GATELET_PENDING);
  if (status == GATELET_PENDING) status = gatelet_op_wait(op, 10000, &decision, &error);
  CHECK(status == GATELET_OK);
  http = gatelet_decision_http_status(decision);
  gatelet_decision_release(decision);
  gatelet_op_release(op);
  return http;
}

static void an_engine_asks_the_store_and_drops_it_at_its_end(void) {
  static const struct {
    int fault, http;
  } cases[] = {{NO_FAULT, 200}, {FAILS, 503}, {TELLS_NO_DATA, 503}, {TELLS_TOO_MUCH, 500 /* the store is not to blame */}};
  size_t i;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    memory *m = new_memory(cases[i].fault);
    const gatelet_store store = functions();
    gatelet_config *config = host_config();
    gatelet_error error = GATELET_ERROR_INIT;
    gatelet_engine *engine;
    CHECK(gatelet_config_set_store(config, &store, m, count_drop, &error) == GATELET_OK);
    engine = engine_of(config);
    CHECK(m->num_dropped == 0);
    CHECK(m->num_calls == 0);
    CHECK(ready(engine) == cases[i].http);
    CHECK(m->num_calls == 1);
    gatelet_engine_release(engine);
    CHECK(m->num_dropped == 1);
    free(m);
  }
}

static void a_store_is_needed_where_it_was_chosen(void) {
  gatelet_config *config = host_config();
  gatelet_engine *engine = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_engine_create(config, &engine, &error) == GATELET_E_INVALID_CONFIGURATION);
  CHECK(strstr(error.text, "gatelet_config_set_store") != NULL);
  gatelet_config_free(config);
}

static void a_store_that_is_refused_or_replaced_is_dropped_at_once(void) {
  memory *m = new_memory(NO_FAULT);
  gatelet_config *config = host_config();
  gatelet_store store = functions();
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_config_set_store(NULL, &store, m, count_drop, &error) == GATELET_E_INVALID_ARGUMENT);
  CHECK(m->num_dropped == 1);
  store.struct_size = 0;
  CHECK(gatelet_config_set_store(config, &store, m, count_drop, &error) == GATELET_E_INVALID_ARGUMENT);
  CHECK(m->num_dropped == 2);
  store = functions();
  store.write = NULL;
  CHECK(gatelet_config_set_store(config, &store, m, count_drop, &error) == GATELET_E_INVALID_ARGUMENT);
  CHECK(strstr(error.text, "get and write") != NULL);
  CHECK(m->num_dropped == 3);
  store = functions();
  CHECK(gatelet_config_set_store(config, &store, m, count_drop, NULL) == GATELET_OK);
  CHECK(m->num_dropped == 3);
  CHECK(gatelet_config_set_store(config, &store, NULL, NULL, NULL) == GATELET_OK);
  CHECK(m->num_dropped == 4);
  gatelet_config_free(config);
  CHECK(m->num_dropped == 4);
  free(m);
}

static void events_say(const gatelet_event *event, void *user) {
  if (is_text(event->code, "store-unused")) ++*(int *)user;
}

static void a_store_that_was_not_chosen_is_an_event(void) {
  memory *m = new_memory(NO_FAULT);
  const gatelet_store store = functions();
  gatelet_config *config = offline_config();
  int num_told = 0;
  CHECK(gatelet_config_on_event(config, events_say, &num_told, NULL) == GATELET_OK);
  CHECK(gatelet_config_set_store(config, &store, m, count_drop, NULL) == GATELET_OK);
  gatelet_engine_release(engine_of(config));
  CHECK(num_told == 1);
  CHECK(m->num_calls == 0);
  CHECK(m->num_dropped == 1);
  free(m);
}

int main(void) {
  RUN(a_store_without_fault_keeps_every_promise);
  RUN(every_broken_promise_is_found);
  RUN(what_does_not_add_up_is_found);
  RUN(an_engine_asks_the_store_and_drops_it_at_its_end);
  RUN(a_store_is_needed_where_it_was_chosen);
  RUN(a_store_that_is_refused_or_replaced_is_dropped_at_once);
  RUN(a_store_that_was_not_chosen_is_an_event);
  return report();
}
