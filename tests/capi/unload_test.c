/* K-05: the library opened and closed at run time, made use of twice, and engines that end while others call them.
 *
 *     unload_test LIBRARY
 */
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loaded_library.h"

enum { NUM_ROUNDS = 8, NUM_CALLERS = 4, NUM_ASKED = 2 };

static const char *library_path;
static char silent_provider[64]; /* takes connections and never says a word */
static const char *const absent_provider = "http://127.0.0.1:1"; /* nobody listens there */

static int num_threads(void) {
  DIR *const tasks = opendir("/proc/self/task");
  const struct dirent *one;
  int num = 0;
  if (tasks == NULL) return -1;
  while ((one = readdir(tasks)) != NULL) num += one->d_name[0] != '.';
  closedir(tasks);
  return num;
}

/* A thread that was joined is listed for a moment more. */
static int comes_down_to(int num) {
  int i;
  for (i = 0; i < 1000 && num_threads() > num; ++i) poll(NULL, 0, 10);
  return num_threads() == num;
}

/* CANCELLED where the engine ends, UNAVAILABLE where nobody is at the provider's address, or a page that says so. */
static int is_an_end(const library *lib, gatelet_status status) {
  return status == GATELET_OK || status == GATELET_E_CANCELLED || lib->status_class(status) == GATELET_CLASS_UNAVAILABLE;
}

static gatelet_op *begin(const library *lib, gatelet_engine *engine) {
  const gatelet_request request = page_request();
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  CHECK(lib->decide(engine, &request, &decision, &op, NULL) == GATELET_PENDING);
  return op;
}

static gatelet_status end(const library *lib, gatelet_op *op) {
  gatelet_decision *decision = NULL;
  const gatelet_status status = lib->op_wait(op, 60000, &decision, NULL);
  if (status == GATELET_OK) CHECK(lib->decision_http_status(decision) >= 500);
  lib->decision_release(decision);
  lib->op_release(op);
  return status;
}

static void an_engine_and_its_thread_live_on_when_the_library_is_closed(void) {
  library lib;
  gatelet_engine *engine;
  gatelet_op *waits;
  CHECK(open_library(&lib, library_path));
  if (lib.handle == NULL) return;
  engine = engine_for(&lib, absent_provider, "thread");
  waits = begin(&lib, engine);
  CHECK(dlclose(lib.handle) == 0);
  poll(NULL, 0, 50); /* the engine's thread goes on */
  CHECK(is_an_end(&lib, end(&lib, waits)));
  CHECK(is_an_end(&lib, end(&lib, begin(&lib, engine))));
  lib.engine_release(engine);
}

static void what_is_opened_again_is_the_same_library(void) {
  library first, second;
  gatelet_engine *engine;
  CHECK(open_library(&first, library_path));
  engine = engine_for(&first, absent_provider, "thread");
  CHECK(dlclose(first.handle) == 0);
  CHECK(open_library(&second, library_path));
  CHECK(second.decide == first.decide);
  CHECK(is_an_end(&second, end(&second, begin(&second, engine))));
  second.engine_release(engine);
  CHECK(dlclose(second.handle) == 0);
}

/* One that was joined just now may be listed still. */
static int threads_at_rest(void) {
  int least = num_threads(), i;
  for (i = 0; i < 50; ++i) {
    poll(NULL, 0, 10);
    if (num_threads() < least) least = num_threads();
  }
  return least;
}

static void the_threads_end_before_the_last_release_returns(void) {
  library lib;
  int i, before;
  CHECK(open_library(&lib, library_path));
  before = threads_at_rest();
  CHECK(before > 0);
  for (i = 0; i < NUM_ROUNDS; ++i) {
    gatelet_engine *const engine = engine_for(&lib, absent_provider, "thread");
    CHECK(lib.engine_start(engine) == GATELET_OK);
    CHECK(lib.engine_start(engine) == GATELET_OK); /* it runs already */
    CHECK(num_threads() == before + 1);
    lib.engine_release(engine);
    CHECK(comes_down_to(before));
  }
  CHECK(dlclose(lib.handle) == 0);
}

/* A thread of the host with a reference of its own. */
typedef struct {
  const library *lib;
  gatelet_engine *engine;
  const char *driver;
  int kind, num_wrong, num_told;
  pthread_t thread;
} caller;

static void take(void *user, const char *text, size_t size) {
  (void)text;
  *(size_t *)user += size;
}

/* Only one thread of each engine dispatches. */
static void tell(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  caller *const me = user;
  (void)error;
  ++me->num_told;
  if (!is_an_end(me->lib, status)) ++me->num_wrong;
  me->lib->decision_release(decision);
}

static int is_told(caller *me) {
  const int before = me->num_told;
  int i;
  for (i = 0; i < 6000 && me->num_told == before; ++i) {
    if (me->lib->loop_run_once(me->engine, 10) == 0) poll(NULL, 0, 1);
    me->lib->loop_dispatch(me->engine, 8);
  }
  return me->num_told == before + 1;
}

static void ask_once(caller *me) {
  const library *const lib = me->lib;
  const gatelet_request request = page_request();
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_config *config;
  size_t size = 0;
  switch (me->kind) {
    case 0: /* waits */
      if (lib->decide(me->engine, &request, &decision, &op, NULL) != GATELET_PENDING) ++me->num_wrong;
      if (!is_an_end(lib, lib->op_wait(op, 60000, &decision, NULL))) ++me->num_wrong;
      break;
    case 1: /* does not wait to the end */
      if (lib->decide(me->engine, &request, &decision, &op, NULL) != GATELET_PENDING) ++me->num_wrong;
      lib->op_wait(op, 1, &decision, NULL);
      lib->op_cancel(op);
      break;
    case 2: /* is told */
      if (lib->decide(me->engine, &request, &decision, &op, NULL) != GATELET_PENDING) ++me->num_wrong;
      if (lib->op_on_done(op, tell, me, NULL) != GATELET_OK || !is_told(me)) ++me->num_wrong;
      break;
    default: /* asks what needs no provider, and gives new settings */
      config = config_for(lib, absent_provider, me->driver);
      if (lib->engine_reload(me->engine, config, NULL) != GATELET_OK) ++me->num_wrong;
      lib->config_free(config);
      if (lib->identify(me->engine, &request, &decision, &op, NULL) == GATELET_OK &&
          lib->decision_kind(decision) == GATELET_ALLOW) {
        ++me->num_wrong;
      }
      lib->metrics(me->engine, take, &size);
      if (size == 0 || lib->body_limit(me->engine, &request) != 0) ++me->num_wrong;
      break;
  }
  lib->op_release(op);
  lib->decision_release(decision);
}

static void *ask(void *user) {
  caller *const me = user;
  int i;
  for (i = 0; i < NUM_ASKED; ++i) ask_once(me);
  me->lib->engine_release(me->engine); /* the last one of all ends the engine */
  return NULL;
}

static void let_all_call(const library *lib, caller *callers, const char *driver) {
  gatelet_engine *const engine = engine_for(lib, absent_provider, driver);
  int i;
  for (i = 0; i < NUM_CALLERS; ++i) {
    caller *const one = &callers[i];
    one->lib = lib;
    one->engine = lib->engine_retain(engine);
    one->driver = driver;
    one->kind = i;
    one->num_wrong = one->num_told = 0;
    CHECK(pthread_create(&one->thread, NULL, ask, one) == 0);
  }
  lib->engine_release(engine); /* while they call */
}

static void join_all(caller *callers) {
  int i;
  for (i = 0; i < NUM_CALLERS; ++i) {
    CHECK(pthread_join(callers[i].thread, NULL) == 0);
    CHECK(callers[i].num_wrong == 0);
  }
}

static void opened_and_closed_over_and_over_while_threads_call(void) {
  int round, before;
  for (round = 0; round < NUM_ROUNDS; ++round) {
    caller own_thread[NUM_CALLERS], host_loop[NUM_CALLERS];
    library lib;
    CHECK(open_library(&lib, library_path));
    before = num_threads();
    let_all_call(&lib, own_thread, "thread");
    let_all_call(&lib, host_loop, "caller");
    if (round % 2 == 0) CHECK(dlclose(lib.handle) == 0); /* while they call */
    join_all(own_thread);
    join_all(host_loop);
    CHECK(comes_down_to(before));
    if (round % 2 == 1) CHECK(dlclose(lib.handle) == 0);
  }
}

typedef struct {
  const library *lib;
  gatelet_op *op;
  gatelet_status status;
  pthread_t thread;
} waiter;

static void *wait_for_it(void *user) {
  waiter *const me = user;
  me->status = end(me->lib, me->op);
  return NULL;
}

/* The end of an engine is an answer to those who wait, who need no reference. */
static void whoever_waits_when_the_engine_ends_is_told(const char *driver) {
  waiter waiters[NUM_CALLERS];
  gatelet_engine *engine;
  gatelet_op *late;
  library lib;
  int i;
  CHECK(open_library(&lib, library_path));
  engine = engine_for(&lib, silent_provider, driver);
  for (i = 0; i < NUM_CALLERS; ++i) {
    waiters[i].lib = &lib;
    waiters[i].op = begin(&lib, engine);
    CHECK(pthread_create(&waiters[i].thread, NULL, wait_for_it, &waiters[i]) == 0);
  }
  late = begin(&lib, engine);
  poll(NULL, 0, 50); /* they wait, most likely; the outcome is the same where one does not yet */
  CHECK(dlclose(lib.handle) == 0);
  lib.engine_release(engine);
  for (i = 0; i < NUM_CALLERS; ++i) {
    CHECK(pthread_join(waiters[i].thread, NULL) == 0);
    CHECK(waiters[i].status == GATELET_E_CANCELLED);
  }
  CHECK(end(&lib, late) == GATELET_E_CANCELLED); /* who comes when all is over */
}

static void whoever_waits_for_the_engines_thread_is_told_of_its_end(void) {
  whoever_waits_when_the_engine_ends_is_told("thread");
}

static void whoever_turns_the_loop_is_told_of_its_end(void) { whoever_waits_when_the_engine_ends_is_told("caller"); }

static void two_engines_of_one_configuration_do_not_know_of_each_other(void) {
  library lib;
  gatelet_config *config;
  gatelet_engine *one = NULL, *two = NULL;
  CHECK(open_library(&lib, library_path));
  config = config_for(&lib, absent_provider, "thread");
  CHECK(lib.engine_create(config, &one, NULL) == GATELET_OK);
  CHECK(lib.engine_create(config, &two, NULL) == GATELET_OK);
  CHECK(one != two);
  lib.config_free(config);
  CHECK(lib.engine_start(one) == GATELET_OK && lib.engine_start(two) == GATELET_OK);
  lib.engine_release(one);
  CHECK(is_an_end(&lib, end(&lib, begin(&lib, two))));
  lib.engine_release(two);
  CHECK(dlclose(lib.handle) == 0);
}

static int copy_file(const char *from, const char *to) {
  static char chunk[65536];
  FILE *const in = fopen(from, "rb"), *const out = fopen(to, "wb");
  int is_whole = in != NULL && out != NULL;
  size_t got;
  while (is_whole && (got = fread(chunk, 1, sizeof chunk, in)) > 0) is_whole = fwrite(chunk, 1, got, out) == got;
  if (in != NULL) fclose(in);
  if (out != NULL) is_whole &= fclose(out) == 0;
  return is_whole;
}

/* Two plugins that each bring one. */
static void two_copies_of_the_library_do_not_know_of_each_other(void) {
  char folder[] = "/tmp/gatelet-unload-XXXXXX", path[64];
  gatelet_engine *one, *two;
  library lib, copy;
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/copy.so", folder);
  CHECK(copy_file(library_path, path));
  CHECK(open_library(&lib, library_path));
  CHECK(open_library(&copy, path));
  CHECK(lib.decide != copy.decide);
  one = engine_for(&lib, absent_provider, "thread");
  two = engine_for(&copy, absent_provider, "thread");
  CHECK(is_an_end(&lib, end(&lib, begin(&lib, one))));
  CHECK(is_an_end(&copy, end(&copy, begin(&copy, two))));
  lib.engine_release(one);
  CHECK(dlclose(lib.handle) == 0);
  CHECK(is_an_end(&copy, end(&copy, begin(&copy, two))));
  CHECK(dlclose(copy.handle) == 0);
  CHECK(is_an_end(&copy, end(&copy, begin(&copy, two))));
  copy.engine_release(two);
  unlink(path);
  rmdir(folder);
}

static int open_silent_provider(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    return -1;
  }
  snprintf(silent_provider, sizeof silent_provider, "http://127.0.0.1:%d", ntohs(address.sin_port));
  return listener;
}

int main(int argc, char **argv) {
  const int listener = open_silent_provider();
  if (argc != 2 || listener < 0) {
    printf("not ok: unload_test LIBRARY, and a port to listen on\n");
    return 1;
  }
  library_path = argv[1];
  RUN(an_engine_and_its_thread_live_on_when_the_library_is_closed);
  RUN(what_is_opened_again_is_the_same_library);
  RUN(the_threads_end_before_the_last_release_returns);
  RUN(opened_and_closed_over_and_over_while_threads_call);
  RUN(whoever_waits_for_the_engines_thread_is_told_of_its_end);
  RUN(whoever_turns_the_loop_is_told_of_its_end);
  RUN(two_engines_of_one_configuration_do_not_know_of_each_other);
  RUN(two_copies_of_the_library_do_not_know_of_each_other);
  close(listener);
  return report();
}
