/* Sessions of one person through the C API: somebody signs in with a password, is listed, and is out again. */
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <gatelet/unstable/sessions.h>

#include "engine_for_test.h"

static char users_path[] = "/tmp/gatelet-users-XXXXXX";

static gatelet_engine *engine_with_store(void) {
  gatelet_config *config = offline_config();
  set_option(config, "session_store_type", "memory");
  set_option(config, "htpasswd_file", users_path);
  return engine_of(config);
}

static gatelet_decision *settled(gatelet_engine *engine, const gatelet_request *request) {
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  if (gatelet_decide(engine, request, &decision, &op, &error) == GATELET_PENDING) {
    CHECK(gatelet_op_wait(op, 10000, &decision, &error) == GATELET_OK);
    gatelet_op_release(op);
  }
  return decision;
}

/* The cookie of a fresh session of zoe's. */
static int sign_in(gatelet_engine *engine, char *cookie, size_t room) {
  gatelet_request request = request_for("/oauth2/sign_in");
  gatelet_header headers[3];
  gatelet_decision *decision;
  const gatelet_header *answer;
  size_t num, i;
  int found = 0;
  headers[0].name = str("Content-Type");
  headers[0].value = str("application/x-www-form-urlencoded");
  headers[1].name = str("Origin");
  headers[1].value = str("https://app.example");
  headers[2].name = str("User-Agent");
  headers[2].value = str("Test/1");
  request.method = str("POST");
  request.headers = headers;
  request.num_headers = 3;
  request.has_body = 1;
  request.body = str("username=zoe&password=hello");
  decision = settled(engine, &request);
  answer = gatelet_decision_headers(decision, GATELET_RESPONSE, &num);
  for (i = 0; i < num; ++i) {
    const char *end = memchr(answer[i].value.data, ';', answer[i].value.size);
    if (!is_text(answer[i].name, "Set-Cookie") || end == NULL || (size_t)(end - answer[i].value.data) >= room) continue;
    memcpy(cookie, answer[i].value.data, (size_t)(end - answer[i].value.data));
    cookie[end - answer[i].value.data] = '\0';
    found = 1;
  }
  gatelet_decision_release(decision);
  return found;
}

static int is_let_in(gatelet_engine *engine, gatelet_header *cookie) {
  gatelet_request request = request_for("/page");
  gatelet_decision *decision;
  int kind;
  request.headers = cookie;
  request.num_headers = 1;
  decision = settled(engine, &request);
  kind = gatelet_decision_kind(decision);
  gatelet_decision_release(decision);
  return kind == GATELET_ALLOW;
}

static gatelet_sessions *waited(gatelet_status status, gatelet_sessions *at_once, gatelet_op *op) {
  gatelet_error error = GATELET_ERROR_INIT;
  if (status == GATELET_OK) return at_once;
  CHECK(status == GATELET_PENDING);
  CHECK(gatelet_op_wait_sessions(op, 10000, &at_once, &error) == GATELET_OK);
  gatelet_op_release(op);
  return at_once;
}

static gatelet_sessions *listed(gatelet_engine *engine, const gatelet_request *current) {
  gatelet_sessions *sessions = NULL;
  gatelet_op *op = NULL;
  const gatelet_status status =
      gatelet_list_sessions(engine, str("htpasswd"), str("zoe"), current, &sessions, &op, NULL);
  return waited(status, sessions, op);
}

static void a_session_is_listed_and_revoked_by_its_handle(void) {
  gatelet_engine *engine = engine_with_store();
  char cookie[1024], handle[64];
  gatelet_header header;
  gatelet_request request = request_for("/");
  gatelet_session_info info = GATELET_SESSION_INFO_INIT;
  gatelet_sessions *sessions, *ended = NULL;
  gatelet_op *op = NULL;
  gatelet_status status;
  CHECK(sign_in(engine, cookie, sizeof cookie));
  header.name = str("Cookie");
  header.value = str(cookie);
  CHECK(is_let_in(engine, &header));
  request.headers = &header;
  request.num_headers = 1;

  sessions = listed(engine, &request);
  CHECK(gatelet_sessions_size(sessions) == 1);
  CHECK(gatelet_sessions_at(sessions, 0, &info) == GATELET_OK);
  CHECK(info.is_current == 1);
  CHECK(info.struct_size == sizeof info);
  CHECK(is_text(info.client, "203.0.113.7"));
  CHECK(is_text(info.user_agent, "Test/1"));
  CHECK(info.signed_in_at > 1700000000 && info.ends_at == info.signed_in_at + 168 * 3600);
  CHECK(gatelet_sessions_at(sessions, 1, &info) == GATELET_E_INVALID_ARGUMENT);
  CHECK(info.handle.size == 32 && info.handle.size < sizeof handle);
  memcpy(handle, info.handle.data, info.handle.size);
  handle[info.handle.size] = '\0';
  gatelet_sessions_release(sessions);

  status = gatelet_revoke_session(engine, str("htpasswd"), str("zoe"), str(handle), &ended, &op, NULL);
  ended = waited(status, ended, op);
  CHECK(gatelet_sessions_size(ended) == 1);
  gatelet_sessions_release(ended);
  CHECK(!is_let_in(engine, &header));
  sessions = listed(engine, NULL);
  CHECK(gatelet_sessions_size(sessions) == 0);
  gatelet_sessions_release(sessions);
  gatelet_engine_release(engine);
}

static void all_but_the_current_one_are_revoked(void) {
  gatelet_engine *engine = engine_with_store();
  char kept[1024], other[1024];
  gatelet_header kept_header, other_header;
  gatelet_request request = request_for("/");
  gatelet_sessions *ended = NULL;
  gatelet_op *op = NULL;
  gatelet_status status;
  CHECK(sign_in(engine, kept, sizeof kept) && sign_in(engine, other, sizeof other));
  kept_header.name = other_header.name = str("Cookie");
  kept_header.value = str(kept);
  other_header.value = str(other);
  request.headers = &kept_header;
  request.num_headers = 1;
  status = gatelet_revoke_sessions(engine, str("htpasswd"), str("zoe"), &request, &ended, &op, NULL);
  ended = waited(status, ended, op);
  CHECK(gatelet_sessions_size(ended) == 1);
  gatelet_sessions_release(ended);
  CHECK(is_let_in(engine, &kept_header));
  CHECK(!is_let_in(engine, &other_header));
  gatelet_engine_release(engine);
}

static int num_called, num_dropped;
static void note_call(gatelet_status status, gatelet_sessions *sessions, const gatelet_error *error, void *user) {
  CHECK(status == GATELET_OK && gatelet_sessions_size(sessions) == 0);
  CHECK(error != NULL && user == &num_called);
  gatelet_sessions_release(sessions);
  ++num_called;
}
static void note_drop(void *user) {
  CHECK(user == &num_called);
  ++num_dropped;
}

static void a_callback_gets_the_list_from_dispatch_once(void) {
  gatelet_engine *engine = engine_with_store();
  gatelet_sessions *sessions = NULL;
  gatelet_op *op = NULL;
  int i;
  num_called = num_dropped = 0;
  CHECK(gatelet_list_sessions(engine, str("htpasswd"), str("zoe"), NULL, &sessions, &op, NULL) == GATELET_PENDING);
  CHECK(gatelet_op_on_sessions(op, note_call, &num_called, note_drop) == GATELET_OK);
  CHECK(gatelet_op_on_sessions(op, note_call, &num_called, note_drop) == GATELET_E_INVALID_STATE);
  CHECK(num_called == 0 && num_dropped == 1);
  for (i = 0; i < 10000 && num_called == 0; ++i) {
    gatelet_loop_dispatch(engine, 10);
    poll(NULL, 0, 1);
  }
  CHECK(num_called == 1 && num_dropped == 2);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
}

static void each_operation_answers_its_own_kind_only(void) {
  gatelet_engine *engine = engine_with_store();
  gatelet_sessions *sessions = NULL;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_list_sessions(engine, str("htpasswd"), str("zoe"), NULL, &sessions, &op, NULL) == GATELET_PENDING);
  CHECK(gatelet_op_wait(op, 0, &decision, &error) == GATELET_E_INVALID_STATE);
  CHECK(strstr(error.text, "gatelet_op_wait_sessions") != NULL);
  CHECK(gatelet_op_wait_sessions(op, 10000, &sessions, &error) == GATELET_OK);
  gatelet_sessions_release(sessions);
  CHECK(gatelet_op_wait_sessions(op, 0, &sessions, &error) == GATELET_E_INVALID_STATE);
  CHECK(sessions == NULL);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
}

static void without_a_store_nothing_is_listed(void) {
  gatelet_engine *engine = engine_of(offline_config());
  gatelet_sessions *sessions = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_list_sessions(engine, str(""), str("zoe"), NULL, &sessions, &op, &error) == GATELET_E_INVALID_STATE);
  CHECK(strstr(error.text, "session_store_type") != NULL);
  CHECK(gatelet_list_sessions(engine, str(""), str(""), NULL, &sessions, &op, &error) == GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_revoke_sessions(engine, str(""), str("zoe"), NULL, &sessions, &op, &error) == GATELET_OK);
  CHECK(gatelet_sessions_size(sessions) == 0 && op == NULL);
  gatelet_sessions_release(sessions);
  gatelet_engine_release(engine);
}

/* A caller made for an older library, whose struct is shorter, gets what fits. */
static void a_shorter_struct_is_filled_as_far_as_it_reaches(void) {
  gatelet_engine *engine = engine_with_store();
  char cookie[1024];
  gatelet_sessions *sessions;
  gatelet_session_info info;
  memset(&info, 0x55, sizeof info);
  CHECK(sign_in(engine, cookie, sizeof cookie));
  sessions = listed(engine, NULL);
  info.struct_size = (uint32_t)offsetof(gatelet_session_info, client);
  CHECK(gatelet_sessions_at(sessions, 0, &info) == GATELET_OK);
  CHECK(info.struct_size == offsetof(gatelet_session_info, client));
  CHECK(info.handle.size == 32 && info.is_current == 0);
  CHECK(info.signed_in_at == 0x5555555555555555);
  info.struct_size = 0;
  CHECK(gatelet_sessions_at(sessions, 0, &info) == GATELET_E_INVALID_ARGUMENT);
  gatelet_sessions_release(sessions);
  gatelet_engine_release(engine);
}

int main(void) {
  static const char users[] = "zoe:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=\n";
  const int file = mkstemp(users_path);
  if (file < 0 || write(file, users, sizeof users - 1) != (ssize_t)(sizeof users - 1)) return 1;
  close(file);
  RUN(a_session_is_listed_and_revoked_by_its_handle);
  RUN(all_but_the_current_one_are_revoked);
  RUN(a_callback_gets_the_list_from_dispatch_once);
  RUN(each_operation_answers_its_own_kind_only);
  RUN(without_a_store_nothing_is_listed);
  RUN(a_shorter_struct_is_filled_as_far_as_it_reaches);
  unlink(users_path);
  (void)absent_config;
  return report();
}
