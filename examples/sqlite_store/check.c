/* Tries the promises of a store on the SQLite one: sqlite_check FILE [add TIMES | sum EXPECTED] */
#include <gatelet/unstable/store_check.h>

#include "sqlite_store.h"

int main(int argc, char **argv) {
  const int patience = 10000; /* milliseconds: here many write at once */
  void *one = argc < 2 ? NULL : sqlite_store_open(argv[1], patience);
  void *other = argc < 2 ? NULL : sqlite_store_open(argv[1], patience);
  int num_broken = -1;
  if (one == NULL || other == NULL) {
    fprintf(stderr, "usage: sqlite_check FILE [add TIMES | sum EXPECTED]; the file must be one to write to\n");
  } else if (argc < 4) {
    num_broken = gatelet_store_check(&sqlite_store, one, other, "check:", stdout);
  } else if (strcmp(argv[2], "add") == 0) {
    num_broken = gatelet_store_check_add(&sqlite_store, one, "check:", atoi(argv[3]), stdout);
  } else if (strcmp(argv[2], "sum") == 0) {
    num_broken = gatelet_store_check_sum(&sqlite_store, one, "check:", atoi(argv[3]), stdout);
  }
  sqlite_store_close(one);
  sqlite_store_close(other);
  if (num_broken == 0) printf("every promise is kept\n");
  return num_broken == 0 ? 0 : 1;
}
