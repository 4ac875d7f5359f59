/* Sessions in a SQLite file, for all processes of one machine that open it. */
#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include <gatelet/unstable/store.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const gatelet_store sqlite_store;

/* The `user` of sqlite_store: one connection, for one engine. A call waits `busy_ms` for a writer of another process; choose
 * less than store_timeout. NULL when the file cannot be used. Must not cross a fork. */
void *sqlite_store_open(const char *path, int busy_ms);
void sqlite_store_close(void *user);

#ifdef __cplusplus
}
#endif

#endif
