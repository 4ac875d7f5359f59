#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BEGIN, COMMIT, ROLLBACK, GET, PUT, ERASE, SWEEP, NUM_STATEMENTS };
static const char *const texts[NUM_STATEMENTS] = {
    "BEGIN IMMEDIATE", /* the write lock at once: what is read before writing is read with nobody writing */
    "COMMIT",
    "ROLLBACK",
    "SELECT value FROM sessions WHERE key = ?1 AND ends > ?2",
    "INSERT OR REPLACE INTO sessions (key, value, ends) VALUES (?1, ?3, ?2)",
    "DELETE FROM sessions WHERE key = ?1",
    "DELETE FROM sessions WHERE ends <= ?2",
};
/* A commit that was answered survives a power cut: the default, synchronous = FULL, is kept. */
static const char *const setup =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE IF NOT EXISTS sessions (key BLOB PRIMARY KEY, value BLOB NOT NULL, ends INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ends);";

struct sessions {
  sqlite3 *db;
  sqlite3_stmt *statements[NUM_STATEMENTS];
};

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void bind_blob(sqlite3_stmt *statement, int number, gatelet_str bytes) {
  sqlite3_bind_blob64(statement, number, bytes.size > 0 ? bytes.data : "", bytes.size, SQLITE_STATIC);
}

/* Runs to the first row, which can be read until finish(). */
static int start(struct sessions *s, int which, gatelet_str key, int64_t time, gatelet_str value) {
  sqlite3_stmt *statement = s->statements[which];
  const int num_parameters = sqlite3_bind_parameter_count(statement);
  if (num_parameters >= 1) bind_blob(statement, 1, key);
  if (num_parameters >= 2) sqlite3_bind_int64(statement, 2, time);
  if (num_parameters >= 3) bind_blob(statement, 3, value);
  return sqlite3_step(statement);
}

static void finish(struct sessions *s, int which) {
  sqlite3_reset(s->statements[which]);
  sqlite3_clear_bindings(s->statements[which]);
}

static int run(struct sessions *s, int which, gatelet_str key, int64_t time, gatelet_str value) {
  const int result = start(s, which, key, time, value);
  finish(s, which);
  return result;
}

/* On the row that start() came to. */
static gatelet_str found_value(struct sessions *s) {
  gatelet_str value;
  value.data = sqlite3_column_blob(s->statements[GET], 0); /* NULL when empty */
  value.size = (size_t)sqlite3_column_bytes(s->statements[GET], 0);
  return value;
}

static gatelet_status failed(int result, gatelet_error *error) {
  snprintf(error->text, sizeof error->text, "SQLite says: %s", sqlite3_errstr(result)); /* holds no value */
  return GATELET_E_STORE_UNREACHABLE;
}

static gatelet_status get(void *user, gatelet_str key, gatelet_store_found_fn found, void *to, gatelet_error *error) {
  struct sessions *s = user;
  const int result = start(s, GET, key, now_ms(), key);
  if (result == SQLITE_ROW) found(to, found_value(s));
  finish(s, GET);
  return result == SQLITE_ROW || result == SQLITE_DONE ? GATELET_OK : failed(result, error);
}

static int holds(struct sessions *s, const gatelet_store_write *write, int is_there) {
  const gatelet_str nothing = {NULL, 0}, value = is_there ? found_value(s) : nothing;
  switch (write->condition) {
    case GATELET_STORE_ALWAYS: return 1;
    case GATELET_STORE_NOTHING_THERE: return !is_there;
    case GATELET_STORE_SOMETHING_THERE: return is_there;
    case GATELET_STORE_SAME_THERE:
      return is_there && value.size == write->expected.size &&
             (value.size == 0 || memcmp(value.data, write->expected.data, value.size) == 0);
    default: return 0;
  }
}

/* Between BEGIN and COMMIT. */
static int look_and_write(struct sessions *s, const gatelet_store_write *write, int32_t *is_written) {
  const int64_t now = now_ms();
  const int64_t ends = write->lifetime_ms == 0 ? INT64_MAX : now + (int64_t)write->lifetime_ms;
  int result = start(s, GET, write->key, now, write->key);
  if (result == SQLITE_ROW || result == SQLITE_DONE) *is_written = holds(s, write, result == SQLITE_ROW);
  finish(s, GET);
  if (!*is_written) return result == SQLITE_ROW ? SQLITE_DONE : result;
  result = run(s, SWEEP, write->key, now, write->key);
  if (result != SQLITE_DONE) return result;
  return run(s, write->erases ? ERASE : PUT, write->key, ends, write->value);
}

static gatelet_status write_if(void *user, const gatelet_store_write *write, int32_t *is_written, gatelet_error *error) {
  struct sessions *s = user;
  int result = write->condition > GATELET_STORE_SAME_THERE ? SQLITE_MISUSE : run(s, BEGIN, write->key, 0, write->key);
  if (result != SQLITE_DONE) return failed(result, error);
  result = look_and_write(s, write, is_written);
  if (result == SQLITE_DONE) result = run(s, COMMIT, write->key, 0, write->key);
  if (result == SQLITE_DONE) return GATELET_OK;
  run(s, ROLLBACK, write->key, 0, write->key);
  return failed(result, error);
}

const gatelet_store sqlite_store = {sizeof(gatelet_store), 0, get, write_if};

void *sqlite_store_open(const char *path, int busy_ms) {
  struct sessions *s = calloc(1, sizeof *s);
  int i, result = s == NULL ? SQLITE_NOMEM : sqlite3_open(path, &s->db);
  if (s == NULL) return NULL;
  sqlite3_busy_timeout(s->db, busy_ms);
  /* Of several that make the file WAL at once some are told that it is busy, without having waited. */
  for (i = 0; result == SQLITE_OK && i < 100; ++i) {
    if (sqlite3_exec(s->db, setup, NULL, NULL, NULL) != SQLITE_BUSY) break;
    sqlite3_sleep(10);
  }
  for (i = 0; result == SQLITE_OK && i < NUM_STATEMENTS; ++i) {
    result = sqlite3_prepare_v2(s->db, texts[i], -1, &s->statements[i], NULL);
  }
  if (result == SQLITE_OK) return s;
  sqlite_store_close(s);
  return NULL;
}

void sqlite_store_close(void *user) {
  struct sessions *s = user;
  int i;
  if (s == NULL) return;
  for (i = 0; i < NUM_STATEMENTS; ++i) sqlite3_finalize(s->statements[i]);
  sqlite3_close(s->db);
  free(s);
}
