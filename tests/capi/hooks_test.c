/* Session hooks through the C API: a form is posted, and the hooks have their say in op_wait, dispatch or run_once. */
#include "engine_for_test.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <gatelet/unstable/hooks.h>

/* A file with zoe, whose password is "secret". */
static char users_path[] = "/tmp/gatelet-hooks-XXXXXX";

static void write_users(void) {
  const int fd = mkstemp(users_path);
  const char text[] = "zoe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
  if (fd < 0 || write(fd, text, sizeof text - 1) < 0) printf("not ok the users' file\n");
  close(fd);
}

struct seen {
  uint32_t moments;
  int num_calls, num_drops;
  char user[16], sub_of_nobody[16], provider[16], host[32], path[32], client[32];
  const char *veto; /* at CREATED; NULL: none */
  gatelet_op *waits_for;
  gatelet_status waited;
};

static void copy(char *out, size_t size, gatelet_str text) {
  const size_t n = text.size < size ? text.size : size - 1;
  if (n > 0) memcpy(out, text.data, n);
  out[n] = '\0';
}

static gatelet_status on_session(const gatelet_session_event *event, gatelet_error *why, void *user) {
  struct seen *seen = user;
  seen->moments |= event->moment;
  ++seen->num_calls;
  copy(seen->user, sizeof seen->user, gatelet_decision_identity(event->identity, str("user")));
  copy(seen->sub_of_nobody, sizeof seen->sub_of_nobody, gatelet_decision_identity(event->identity, str("no such field")));
  copy(seen->provider, sizeof seen->provider, event->provider);
  copy(seen->host, sizeof seen->host, event->host);
  copy(seen->path, sizeof seen->path, event->path);
  copy(seen->client, sizeof seen->client, event->client);
  if (seen->waits_for != NULL) {
    gatelet_decision *decision = NULL;
    seen->waited = gatelet_op_wait(seen->waits_for, 1000, &decision, NULL);
    gatelet_decision_release(decision);
  }
  if (event->struct_size != sizeof *event) return GATELET_E_INTERNAL;
  if (seen->veto == NULL || event->moment != GATELET_SESSION_CREATED) return GATELET_OK;
  snprintf(why->text, sizeof why->text, "%s", seen->veto);
  return GATELET_E_VETOED;
}

static void on_drop(void *user) { ++((struct seen *)user)->num_drops; }

static gatelet_config *config_with(const char *driver) {
  gatelet_config *config = offline_config();
  set_option(config, "htpasswd_file", users_path);
  set_option(config, "driver", driver);
  return config;
}

static gatelet_status post_form(gatelet_engine *engine, gatelet_decision **decision, gatelet_op **op) {
  static const gatelet_header headers[] = {{GATELET_LITERAL("Content-Type"), GATELET_LITERAL("application/x-www-form-urlencoded")}};
  gatelet_request request = request_for("/oauth2/sign_in?secret=canary");
  request.method = str("POST");
  request.has_body = 1;
  request.body = str("username=zoe&password=secret");
  request.headers = headers;
  request.num_headers = 1;
  return gatelet_decide(engine, &request, decision, op, NULL);
}

static int sets_cookie(const gatelet_decision *decision) {
  size_t num = 0;
  const gatelet_header *fields = gatelet_decision_headers(decision, GATELET_RESPONSE, &num);
  for (size_t i = 0; i < num; ++i) {
    if (is_text(fields[i].name, "Set-Cookie")) return 1;
  }
  return 0;
}

static const char *const drivers[] = {"thread", "caller"};

static void a_hook_is_asked_while_the_operation_is_waited_for(void) {
  for (int i = 0; i < 2; ++i) {
    struct seen seen = {0};
    gatelet_config *config = config_with(drivers[i]);
    CHECK(gatelet_config_on_session(config, GATELET_SESSION_AUTHENTICATED | GATELET_SESSION_CREATED, on_session, &seen, on_drop) == GATELET_OK);
    gatelet_engine *engine = engine_of(config);
    gatelet_decision *decision = NULL;
    gatelet_op *op = NULL;
    CHECK(post_form(engine, &decision, &op) == GATELET_PENDING);
    CHECK(seen.num_calls == 0); /* never inside decide */
    CHECK(gatelet_op_wait(op, 10000, &decision, NULL) == GATELET_OK);
    CHECK(gatelet_decision_http_status(decision) == 302 && sets_cookie(decision));
    CHECK(seen.num_calls == 2);
    CHECK(seen.moments == (GATELET_SESSION_AUTHENTICATED | GATELET_SESSION_CREATED));
    CHECK(strcmp(seen.user, "zoe") == 0 && strcmp(seen.sub_of_nobody, "") == 0);
    CHECK(strcmp(seen.provider, "") == 0); /* a password vouched */
    CHECK(strcmp(seen.host, "app.example") == 0 && strcmp(seen.path, "/oauth2/sign_in") == 0);
    CHECK(strcmp(seen.client, "203.0.113.7") == 0);
    gatelet_decision_release(decision);
    gatelet_op_release(op);
    CHECK(seen.num_drops == 0);
    gatelet_engine_release(engine);
    CHECK(seen.num_drops == 1);
  }
}

static void a_veto_is_a_403_that_keeps_nothing(void) {
  for (int i = 0; i < 2; ++i) {
    struct seen seen = {0};
    seen.veto = "not on my\nlist";
    gatelet_config *config = config_with(drivers[i]);
    CHECK(gatelet_config_on_session(config, GATELET_SESSION_CREATED, on_session, &seen, NULL) == GATELET_OK);
    gatelet_engine *engine = engine_of(config);
    gatelet_decision *decision = NULL;
    gatelet_op *op = NULL;
    CHECK(post_form(engine, &decision, &op) == GATELET_PENDING);
    CHECK(gatelet_op_wait(op, 10000, &decision, NULL) == GATELET_OK);
    CHECK(gatelet_decision_http_status(decision) == 403 && !sets_cookie(decision));
    CHECK(is_text(gatelet_decision_reason(decision), "vetoed"));
    CHECK(is_text(gatelet_decision_detail(decision), "not on my list"));
    gatelet_decision_release(decision);
    gatelet_op_release(op);
    gatelet_engine_release(engine);
  }
}

static void on_done(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  (void)error;
  *(int *)user = status == GATELET_OK ? gatelet_decision_http_status(decision) : -1;
  gatelet_decision_release(decision);
}

static void the_descriptor_says_that_a_hook_waits(void) {
  struct seen seen = {0};
  int answered = 0;
  gatelet_config *config = config_with("thread");
  CHECK(gatelet_config_on_session(config, GATELET_SESSION_CREATED, on_session, &seen, NULL) == GATELET_OK);
  gatelet_engine *engine = engine_of(config);
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  CHECK(post_form(engine, &decision, &op) == GATELET_PENDING);
  CHECK(gatelet_op_on_done(op, on_done, &answered, NULL) == GATELET_OK);
  struct pollfd one = {gatelet_loop_fd(engine), POLLIN, 0};
  for (int i = 0; i < 10 && answered == 0 && poll(&one, 1, 10000) == 1; ++i) gatelet_loop_dispatch(engine, 1);
  CHECK(answered == 302 && seen.num_calls == 1);
  CHECK(poll(&one, 1, 0) == 0);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
}

static void waiting_inside_a_hook_is_a_usage_error(void) {
  struct seen seen = {0};
  gatelet_config *config = config_with("caller");
  CHECK(gatelet_config_on_session(config, GATELET_SESSION_CREATED, on_session, &seen, NULL) == GATELET_OK);
  gatelet_engine *engine = engine_of(config);
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  CHECK(post_form(engine, &decision, &seen.waits_for) == GATELET_PENDING);
  CHECK(post_form(engine, &decision, &op) == GATELET_PENDING);
  while (seen.num_calls == 0 && gatelet_loop_run_once(engine, 1000) == 1) {
  }
  CHECK(seen.waited == GATELET_E_IN_CALLBACK);
  gatelet_op_release(op);
  gatelet_op_release(seen.waits_for);
  gatelet_engine_release(engine);
}

static void what_is_no_moment_is_refused_and_its_user_dropped(void) {
  struct seen seen = {0};
  gatelet_config *config = offline_config();
  CHECK(gatelet_config_on_session(config, 0, on_session, &seen, on_drop) == GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_config_on_session(config, 16, on_session, &seen, on_drop) == GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_config_on_session(config, 1, NULL, &seen, on_drop) == GATELET_E_INVALID_ARGUMENT);
  CHECK(seen.num_drops == 3);
  CHECK(gatelet_config_on_session(config, 15, on_session, &seen, on_drop) == GATELET_OK);
  CHECK(gatelet_config_on_session(config, 7, on_session, &seen, NULL) == GATELET_OK);
  CHECK(seen.num_drops == 3); /* ENDED is asked as before */
  CHECK(gatelet_config_on_session(config, 8, on_session, &seen, NULL) == GATELET_OK);
  CHECK(seen.num_drops == 4);
  gatelet_config_free(config);
  CHECK(seen.num_drops == 4 && seen.num_calls == 0);
}

int main(void) {
  (void)absent_config;
  write_users();
  RUN(a_hook_is_asked_while_the_operation_is_waited_for);
  RUN(a_veto_is_a_403_that_keeps_nothing);
  RUN(the_descriptor_says_that_a_hook_waits);
  RUN(waiting_inside_a_hook_is_a_usage_error);
  RUN(what_is_no_moment_is_refused_and_its_user_dropped);
  unlink(users_path);
  return report();
}
