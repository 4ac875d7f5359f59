/* Callbacks of operations where an allocation fails: the host may try again, and the answer still comes, once. The program
 * has a malloc of its own. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include <gatelet/unstable/sessions.h>

#include "engine_for_test.h"

static pthread_t tester;
static long num_left; /* allocations of the test's thread until one fails; 0: none does */

void *__libc_malloc(size_t size);

void *malloc(size_t size) {
  if (pthread_equal(pthread_self(), tester) && num_left > 0 && --num_left == 0) return NULL;
  return __libc_malloc(size);
}

static int num_called, num_dropped;
static void count_drop(void *user) {
  (void)user;
  ++num_dropped;
}
static void on_done(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  (void)status, (void)error, (void)user;
  gatelet_decision_release(decision);
  ++num_called;
}
static void on_sessions(gatelet_status status, gatelet_sessions *sessions, const gatelet_error *error, void *user) {
  (void)status, (void)error, (void)user;
  gatelet_sessions_release(sessions);
  ++num_called;
}

static gatelet_status set_done(gatelet_op *op) { return gatelet_op_on_done(op, on_done, NULL, count_drop); }
static gatelet_status set_sessions(gatelet_op *op) { return gatelet_op_on_sessions(op, on_sessions, NULL, count_drop); }

static gatelet_op *deciding(gatelet_engine *engine) {
  const gatelet_request request = request_for("/ready");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  CHECK(gatelet_decide(engine, &request, &decision, &op, NULL) == GATELET_PENDING);
  return op;
}
static gatelet_op *listing(gatelet_engine *engine) {
  gatelet_sessions *sessions = NULL;
  gatelet_op *op = NULL;
  CHECK(gatelet_list_sessions(engine, str(""), str("zoe"), NULL, &sessions, &op, NULL) == GATELET_PENDING);
  return op;
}

static gatelet_engine *engine_with_memory(void) {
  gatelet_config *config = offline_config();
  set_option(config, "session_store_type", "memory");
  return engine_of(config);
}

/* For each allocation that setting the callback makes: that one fails, then it is set again. */
static void check_set_again(gatelet_op *(*begin)(gatelet_engine *), gatelet_status (*set)(gatelet_op *)) {
  gatelet_engine *engine = engine_with_memory();
  int num_failed_to_set = 0, is_done = 0;
  long n;
  for (n = 1; !is_done && n < 50; ++n) {
    gatelet_op *op = begin(engine);
    gatelet_status status;
    int i;
    num_called = num_dropped = 0;
    num_left = n;
    status = set(op);
    is_done = num_left > 0;
    num_left = 0;
    CHECK(status == (is_done ? GATELET_OK : GATELET_E_OUT_OF_MEMORY));
    CHECK(num_dropped == !is_done);
    if (status != GATELET_OK) {
      ++num_failed_to_set;
      CHECK(set(op) == GATELET_OK);
    }
    CHECK(set(op) == GATELET_E_INVALID_STATE);
    for (i = 0; i < 10000 && num_called == 0; ++i) {
      gatelet_loop_dispatch(engine, 10);
      poll(NULL, 0, 1);
    }
    CHECK(num_called == 1);
    gatelet_op_release(op);
  }
  CHECK(is_done && num_failed_to_set >= 2);
  gatelet_engine_release(engine);
}

static void a_callback_for_a_decision_can_be_set_again(void) { check_set_again(deciding, set_done); }
static void a_callback_for_sessions_can_be_set_again(void) { check_set_again(listing, set_sessions); }

int main(void) {
  tester = pthread_self();
  RUN(a_callback_for_a_decision_can_be_set_again);
  RUN(a_callback_for_sessions_can_be_set_again);
  return report();
}
