/* Requests, decisions and operations through the C API. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_for_test.h"

static gatelet_decision *decide(gatelet_engine *engine, const gatelet_request *request) {
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_decide(engine, request, &decision, &op, &error) == GATELET_OK);
  CHECK(op == NULL);
  return decision;
}

static gatelet_str header_of(const gatelet_decision *decision, int set, const char *name) {
  size_t num, i;
  const gatelet_header *headers = gatelet_decision_headers(decision, set, &num);
  for (i = 0; i < num; ++i) {
    if (is_text(headers[i].name, name)) return headers[i].value;
  }
  return str("");
}

/* LO-10: a result that was never set means DENY. */
static void no_decision_is_a_denial(void) {
  size_t num = 7;
  CHECK(gatelet_decision_kind(NULL) == GATELET_UNAUTHORIZED);
  CHECK(gatelet_decision_http_status(NULL) == 401);
  CHECK(gatelet_decision_headers(NULL, GATELET_RESPONSE, &num) == NULL && num == 0);
  CHECK(gatelet_decision_body(NULL).size == 0);
  CHECK(is_text(gatelet_decision_reason(NULL), "undecided"));
  CHECK(gatelet_decision_identity(NULL, str("user")).size == 0);
  gatelet_decision_release(NULL);
}

static void a_browser_without_session_is_sent_to_the_provider(void) {
  gatelet_engine *engine = engine_of(offline_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = decide(engine, &request);
  const gatelet_str location = header_of(decision, GATELET_RESPONSE, "Location");
  CHECK(gatelet_decision_kind(decision) == GATELET_REDIRECT);
  CHECK(gatelet_decision_http_status(decision) == 302);
  CHECK(location.size > 30 && memcmp(location.data, "https://idp.example/authorize?", 30) == 0);
  CHECK(header_of(decision, GATELET_RESPONSE, "Set-Cookie").size > 0);
  CHECK(is_text(gatelet_decision_reason(decision), "login-started"));
  CHECK(gatelet_decision_identity(decision, str("user")).size == 0);
  CHECK(gatelet_decision_headers(decision, 3, NULL) == NULL);
  CHECK(gatelet_decision_headers(decision, -1, NULL) == NULL);
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void a_program_without_session_gets_401(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_request request = request_for("/reports");
  gatelet_header accept;
  gatelet_decision *decision;
  accept.name = str("Accept");
  accept.value = str("application/json");
  request.headers = &accept;
  request.num_headers = 1;
  decision = decide(engine, &request);
  CHECK(gatelet_decision_kind(decision) == GATELET_UNAUTHORIZED);
  CHECK(is_text(gatelet_decision_body(decision), "{}"));
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void more_headers_than_stand_in_place_are_read_too(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_request request = request_for("/reports");
  gatelet_header many[200];
  gatelet_decision *decision;
  size_t i;
  for (i = 0; i < 200; ++i) {
    many[i].name = str("X-Filler");
    many[i].value = str("v");
  }
  many[199].name = str("Accept");
  many[199].value = str("application/json");
  request.headers = many;
  request.num_headers = 200;
  decision = decide(engine, &request);
  CHECK(gatelet_decision_http_status(decision) == 401);
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void nobody_is_identified_as_nobody(void) {
  gatelet_engine *engine = engine_of(offline_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  CHECK(gatelet_identify(engine, &request, &decision, &op, NULL) == GATELET_OK);
  CHECK(decision != NULL && gatelet_decision_kind(decision) == GATELET_UNAUTHORIZED);
  CHECK(gatelet_decision_identity(decision, str("sub")).size == 0);
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void session_data_of_nobody_is_refused_and_so_is_what_is_too_large(void) {
  static char large[4 * 1024];
  gatelet_engine *engine = engine_of(offline_config());
  const gatelet_request request = request_for("/reports");
  const gatelet_str no_data = {NULL, 1};
  gatelet_str much = {large, sizeof large};
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_set_session_data(engine, &request, str("cart"), str("1"), &decision, &op, &error) == GATELET_OK);
  CHECK(op == NULL && gatelet_decision_kind(decision) == GATELET_UNAUTHORIZED);
  CHECK(gatelet_decision_identity(decision, str("data.cart")).size == 0);
  gatelet_decision_release(decision);
  CHECK(gatelet_set_session_data(engine, &request, str("cart"), much, &decision, &op, &error) ==
        GATELET_E_DATA_TOO_LARGE);
  CHECK(decision == NULL && op == NULL);
  much.size -= 4;  /* name and value have 4 KiB together */
  CHECK(gatelet_set_session_data(engine, &request, str("cart"), much, &decision, &op, &error) == GATELET_OK);
  gatelet_decision_release(decision);
  CHECK(gatelet_set_session_data(engine, &request, str("a name"), str("1"), &decision, &op, &error) ==
        GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_set_session_data(engine, &request, no_data, str("1"), &decision, &op, &error) ==
        GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_set_session_data(engine, &request, str("cart"), no_data, &decision, &op, &error) ==
        GATELET_E_INVALID_ARGUMENT);
  gatelet_engine_release(engine);
}

static void a_request_of_another_size_is_judged_by_what_it_says(void) {
  gatelet_engine *engine = engine_of(offline_config());
  struct {
    gatelet_request request;
    unsigned char newer[16];
  } larger;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  memset(&larger, 0, sizeof larger);
  larger.request = request_for("/reports");
  larger.request.struct_size = (uint32_t)sizeof larger;
  CHECK(gatelet_decide(engine, &larger.request, &decision, &op, &error) == GATELET_OK);
  gatelet_decision_release(decision);
  larger.newer[15] = 1;
  CHECK(gatelet_decide(engine, &larger.request, &decision, &op, &error) == GATELET_E_INVALID_ARGUMENT);
  CHECK(decision == NULL);
  larger.request.struct_size = 0;
  CHECK(gatelet_decide(engine, &larger.request, &decision, &op, &error) == GATELET_E_INVALID_ARGUMENT);
  larger.request.struct_size = 8; /* an ancient caller without a target */
  CHECK(gatelet_decide(engine, &larger.request, &decision, &op, &error) == GATELET_OK);
  CHECK(gatelet_decision_http_status(decision) == 400);
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void a_request_with_impossible_parts_is_refused(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  request.num_headers = (size_t)-1;
  CHECK(gatelet_decide(engine, &request, &decision, &op, NULL) == GATELET_E_INVALID_ARGUMENT);
  request.num_headers = 0;
  request.target.size = (size_t)-1;
  CHECK(gatelet_decide(engine, &request, &decision, &op, NULL) == GATELET_E_INVALID_ARGUMENT);
  request.target.data = NULL;
  request.target.size = 1;
  CHECK(gatelet_decide(engine, &request, &decision, &op, NULL) == GATELET_E_INVALID_ARGUMENT);
  CHECK(decision == NULL && op == NULL);
  gatelet_engine_release(engine);
}

static void the_pieces_answer_like_the_whole(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_request request = request_for("/oauth2/start?rd=%2Fx");
  gatelet_login_options login = GATELET_LOGIN_OPTIONS_INIT;
  gatelet_sign_out_options out = GATELET_SIGN_OUT_OPTIONS_INIT;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  login.prompt = str("login");
  CHECK(gatelet_begin_login(engine, &request, &login, &decision, &op, NULL) == GATELET_OK);
  CHECK(gatelet_decision_kind(decision) == GATELET_REDIRECT);
  gatelet_decision_release(decision);
  login.provider = str("nobody");
  CHECK(gatelet_begin_login(engine, &request, &login, &decision, &op, NULL) == GATELET_OK);
  CHECK(gatelet_decision_http_status(decision) == 400);
  gatelet_decision_release(decision);

  request = request_for("/oauth2/callback?code=c&state=s");
  CHECK(gatelet_finish_login(engine, &request, &decision, &op, NULL) == GATELET_OK);
  CHECK(gatelet_decision_http_status(decision) >= 400);
  gatelet_decision_release(decision);

  request = request_for("/oauth2/sign_out");
  out.return_to = str("/bye");
  CHECK(gatelet_sign_out(engine, &request, &out, &decision, &op, NULL) == GATELET_OK);
  CHECK(gatelet_decision_kind(decision) == GATELET_REDIRECT);
  CHECK(is_text(header_of(decision, GATELET_RESPONSE, "Location"), "/bye"));
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

static void a_failure_is_never_an_allow(void) {
  gatelet_engine *engine = engine_of(offline_config());
  const gatelet_request request = request_for("/reports");
  const gatelet_status statuses[] = {GATELET_OK, GATELET_PENDING, GATELET_NEED_BODY, GATELET_E_TIMED_OUT, GATELET_E_INTERNAL, -1, 1};
  size_t i;
  for (i = 0; i < sizeof statuses / sizeof statuses[0]; ++i) {
    gatelet_decision *decision = NULL;
    CHECK(gatelet_failure(engine, &request, statuses[i], &decision) == GATELET_OK);
    CHECK(gatelet_decision_kind(decision) != GATELET_ALLOW);
    CHECK(gatelet_decision_http_status(decision) >= 400);
    gatelet_decision_release(decision);
  }
  gatelet_engine_release(engine);
}

static void a_body_is_wanted_for_own_forms_only(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_request request = request_for("/oauth2/callback");
  CHECK(gatelet_body_limit(engine, &request) == 0);
  request.method = str("POST");
  CHECK(gatelet_body_limit(engine, &request) == 64 * 1024);
  request.target = str("/upload");
  CHECK(gatelet_body_limit(engine, &request) == 0);
  gatelet_engine_release(engine);
}

static void an_absent_provider_is_waited_for_and_told(void) {
  gatelet_engine *engine = engine_of(absent_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_status status = gatelet_decide(engine, &request, &decision, &op, &error);
  CHECK(status == GATELET_PENDING && op != NULL && decision == NULL);
  status = gatelet_op_wait(op, 30000, &decision, &error);
  CHECK(gatelet_status_class(status) == GATELET_CLASS_UNAVAILABLE || status == GATELET_OK);
  if (status == GATELET_OK) CHECK(gatelet_decision_http_status(decision) >= 500);
  CHECK(gatelet_op_on_done(op, NULL, NULL, NULL) == GATELET_E_INVALID_ARGUMENT);
  gatelet_decision_release(decision);
  CHECK(gatelet_op_wait(op, 0, &decision, &error) == GATELET_E_INVALID_STATE);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
}

struct heard {
  int times, dropped;
  gatelet_status status, wait_status;
  gatelet_op *op;
};
static void on_done(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  struct heard *heard = user;
  gatelet_decision *other = NULL;
  ++heard->times;
  heard->status = status;
  CHECK(error != NULL);
  heard->wait_status = gatelet_op_wait(heard->op, 0, &other, NULL);
  gatelet_decision_release(decision);
}
static void on_drop(void *user) { ++((struct heard *)user)->dropped; }

static void dispatch_until(gatelet_engine *engine, const int *flag) {
  struct pollfd ready;
  ready.fd = gatelet_loop_fd(engine);
  ready.events = POLLIN;
  CHECK(ready.fd >= 0);
  while (*flag == 0 && poll(&ready, 1, 30000) > 0) gatelet_loop_dispatch(engine, 64);
}

static void a_callback_runs_once_in_dispatch_and_may_not_wait(void) {
  gatelet_engine *engine = engine_of(absent_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  struct heard heard = {0, 0, 0, 0, NULL};
  CHECK(gatelet_decide(engine, &request, &decision, &heard.op, NULL) == GATELET_PENDING);
  CHECK(gatelet_op_on_done(heard.op, on_done, &heard, on_drop) == GATELET_OK);
  CHECK(heard.times == 0);
  dispatch_until(engine, &heard.times);
  CHECK(heard.times == 1 && heard.dropped == 1);
  CHECK(heard.wait_status == GATELET_E_IN_CALLBACK);
  CHECK(gatelet_op_on_done(heard.op, on_done, &heard, on_drop) == GATELET_E_INVALID_STATE);
  CHECK(heard.dropped == 2);
  gatelet_op_release(heard.op);
  gatelet_engine_release(engine);
}

static void a_released_operation_calls_nobody(void) {
  gatelet_engine *engine = engine_of(absent_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  struct heard heard = {0, 0, 0, 0, NULL};
  CHECK(gatelet_decide(engine, &request, &decision, &heard.op, NULL) == GATELET_PENDING);
  CHECK(gatelet_op_on_done(heard.op, on_done, &heard, on_drop) == GATELET_OK);
  gatelet_op_release(heard.op);
  gatelet_loop_dispatch(engine, 64);
  CHECK(heard.times == 0 && heard.dropped == 1);
  gatelet_engine_release(engine);
}

static void a_callback_in_a_forked_child_is_refused(void) {
  gatelet_engine *engine = engine_of(absent_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  struct heard heard = {0, 0, 0, 0, NULL};
  int ended = 0;
  pid_t child;
  CHECK(gatelet_decide(engine, &request, &decision, &heard.op, NULL) == GATELET_PENDING);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const gatelet_status status = gatelet_op_on_done(heard.op, on_done, &heard, on_drop);
    if (status != GATELET_E_FORKED || heard.dropped != 1 || heard.times != 0) _exit(1);
    kill(getpid(), SIGKILL); /* at an exit memcheck would call leaked what only threads of the parent hold */
    _exit(2);
  }
  CHECK(waitpid(child, &ended, 0) == child);
  CHECK(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
  CHECK(gatelet_op_on_done(heard.op, on_done, &heard, on_drop) == GATELET_OK); /* in the parent */
  dispatch_until(engine, &heard.times);
  CHECK(heard.times == 1);
  gatelet_op_release(heard.op);
  gatelet_engine_release(engine);
}

static void a_cancelled_operation_completes(void) {
  gatelet_engine *engine = engine_of(absent_config());
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_status status;
  CHECK(gatelet_decide(engine, &request, &decision, &op, NULL) == GATELET_PENDING);
  gatelet_op_cancel(op);
  status = gatelet_op_wait(op, 30000, &decision, NULL);
  CHECK(status == GATELET_E_CANCELLED || gatelet_status_class(status) == GATELET_CLASS_UNAVAILABLE || status == GATELET_OK);
  gatelet_decision_release(decision);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
}

static void the_caller_can_drive_the_loop(void) {
  gatelet_config *config = absent_config();
  gatelet_engine *engine;
  const gatelet_request request = request_for("/reports");
  gatelet_decision *decision = NULL;
  struct heard heard = {0, 0, 0, 0, NULL};
  int rounds = 0;
  set_option(config, "driver", "caller");
  engine = engine_of(config);
  CHECK(gatelet_loop_run_once(engine, 0) == 0);
  CHECK(gatelet_decide(engine, &request, &decision, &heard.op, NULL) == GATELET_PENDING);
  CHECK(gatelet_op_on_done(heard.op, on_done, &heard, on_drop) == GATELET_OK);
  while (heard.times == 0 && rounds++ < 1000) gatelet_loop_run_once(engine, 100);
  CHECK(heard.times == 1);
  gatelet_op_release(heard.op);
  gatelet_engine_release(engine);
}

static void add_size(void *user, const char *text, size_t size) {
  (void)text;
  *(size_t *)user += size;
}

static void reload_retain_and_metrics_work(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_config *config = offline_config();
  const gatelet_request request = request_for("/gate/start");
  gatelet_decision *decision;
  size_t size = 0;
  set_option(config, "proxy_prefix", "/gate");
  CHECK(gatelet_engine_reload(engine, config, NULL) == GATELET_OK);
  set_option(config, "cookie_expire", "never ever");
  CHECK(gatelet_engine_reload(engine, config, NULL) == GATELET_E_INVALID_CONFIGURATION);
  decision = decide(engine, &request);
  CHECK(gatelet_decision_kind(decision) == GATELET_REDIRECT);
  gatelet_decision_release(decision);
  CHECK(gatelet_engine_retain(engine) == engine);
  gatelet_engine_release(engine);
  CHECK(gatelet_metrics(engine, add_size, &size) == GATELET_OK && size > 0);
  gatelet_engine_release(engine);
  gatelet_config_free(config);
}

struct line {
  char text[512];
  size_t size;
  int times;
};

static void keep_line(void *user, const char *text, size_t size) {
  struct line *line = user;
  line->times++;
  line->size = size < sizeof line->text ? size : sizeof line->text;
  memcpy(line->text, text, line->size);
}

static void a_request_has_a_line_in_the_log(void) {
  gatelet_config *config = offline_config();
  gatelet_engine *engine;
  gatelet_request request = request_for("/oauth2/start?rd=%2Fa&code=canary");
  gatelet_served served = GATELET_SERVED_INIT;
  gatelet_decision *decision;
  struct line line = {{0}, 0, 0};
  gatelet_str text;
  set_option(config, "request_logging_format", "{{.Client}} {{.RequestURI}} {{.Protocol}} {{.StatusCode}} {{.RequestDuration}}");
  set_option(config, "exclude_logging_paths", "/quiet");
  engine = engine_of(config);
  decision = decide(engine, &request);
  CHECK(gatelet_decision_request_id(decision).size == 16);
  CHECK(gatelet_decision_detail(decision).size == 0);
  served.http_status = gatelet_decision_http_status(decision);
  served.took_ns = 20000000;
  served.protocol = str("HTTP/1.1");
  CHECK(gatelet_request_line(engine, &request, decision, &served, keep_line, &line) == GATELET_OK);
  text.data = line.text;
  text.size = line.size;
  CHECK(is_text(text, "203.0.113.7 \"/oauth2/start?rd=%2Fa&code=***\" HTTP/1.1 302 0.020"));
  request.target = str("/quiet");
  CHECK(gatelet_request_line(engine, &request, NULL, &served, keep_line, &line) == GATELET_OK);
  CHECK(line.times == 1);
  served.upstream.size = 5;
  CHECK(gatelet_request_line(engine, &request, NULL, &served, keep_line, &line) == GATELET_E_INVALID_ARGUMENT);
  CHECK(line.times == 1);
  gatelet_decision_release(decision);
  gatelet_engine_release(engine);
}

int main(void) {
  RUN(no_decision_is_a_denial);
  RUN(a_browser_without_session_is_sent_to_the_provider);
  RUN(a_program_without_session_gets_401);
  RUN(more_headers_than_stand_in_place_are_read_too);
  RUN(nobody_is_identified_as_nobody);
  RUN(session_data_of_nobody_is_refused_and_so_is_what_is_too_large);
  RUN(a_request_of_another_size_is_judged_by_what_it_says);
  RUN(a_request_with_impossible_parts_is_refused);
  RUN(the_pieces_answer_like_the_whole);
  RUN(a_failure_is_never_an_allow);
  RUN(a_body_is_wanted_for_own_forms_only);
  RUN(an_absent_provider_is_waited_for_and_told);
  RUN(a_callback_runs_once_in_dispatch_and_may_not_wait);
  RUN(a_released_operation_calls_nobody);
  RUN(a_callback_in_a_forked_child_is_refused);
  RUN(a_cancelled_operation_completes);
  RUN(the_caller_can_drive_the_loop);
  RUN(reload_retain_and_metrics_work);
  RUN(a_request_has_a_line_in_the_log);
  return report();
}
