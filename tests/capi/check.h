/* A test harness of a few lines, for tests that must be C. */
#ifndef TESTS_CAPI_CHECK_H
#define TESTS_CAPI_CHECK_H

#include <stdio.h>
#include <string.h>

#include <gatelet/gatelet.h>

static int num_passed, num_failed, case_failed;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      printf("not ok %s:%d: %s\n", __FILE__, __LINE__, #condition);             \
      case_failed = 1;                                                          \
    }                                                                           \
  } while (0)

static void run_case(const char *name, void (*run)(void)) {
  case_failed = 0;
  run();
  if (case_failed) {
    printf("not ok %s\n", name);
    ++num_failed;
  } else {
    ++num_passed;
  }
}
#define RUN(function) run_case(#function, function)

static int report(void) {
  printf("%d passed, %d failed\n", num_passed, num_failed);
  return num_failed == 0 ? 0 : 1;
}

static gatelet_str str(const char *text) {
  gatelet_str out;
  out.data = text;
  out.size = strlen(text);
  return out;
}

static int is_text(gatelet_str text, const char *expected) {
  return text.size == strlen(expected) && (text.size == 0 || memcmp(text.data, expected, text.size) == 0);
}

#endif
