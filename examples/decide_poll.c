/* Decides one request in an event loop, never waiting for the provider: decide_poll ISSUER */
#include <gatelet/gatelet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static gatelet_str text(const char *chars) {
  gatelet_str out = {chars, strlen(chars)};
  return out;
}

/* One connection of a server: what it was asked, and whether it has its answer. */
struct connection {
  gatelet_engine *engine;
  gatelet_request request;
  int is_answered;
};

static void answer(struct connection *to, gatelet_decision *decision) {
  const gatelet_str reason = gatelet_decision_reason(decision);
  printf("%d %.*s\n", gatelet_decision_http_status(decision), (int)reason.size, reason.data);
  gatelet_decision_release(decision);
  to->is_answered = 1;
}

static void on_done(gatelet_status status, gatelet_decision *decision, const gatelet_error *error, void *user) {
  struct connection *to = user;
  if (status != GATELET_OK) {
    fprintf(stderr, "%s\n", error->text);
    gatelet_failure(to->engine, &to->request, status, &decision);
  }
  answer(to, decision);
}

int main(int argc, char **argv) {
  struct connection connection = {NULL, GATELET_REQUEST_INIT, 0};
  gatelet_config *config = NULL;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_status status;
  struct pollfd ready;
  if (argc < 2) return fprintf(stderr, "usage: decide_poll ISSUER\n"), 2;
  if (gatelet_config_new(&config) != GATELET_OK) return 1;
  gatelet_config_set(config, text("oidc_issuer_url"), text(argv[1]), NULL);
  gatelet_config_set(config, text("client_id"), text("gatelet-demo"), NULL);
  gatelet_config_set(config, text("client_secret"), text("gatelet-demo-secret"), NULL);
  gatelet_config_set(config, text("cookie_secret"), text("replace-me-by-32-random-bytes..."), NULL);
  gatelet_config_set(config, text("redirect_url"), text("https://app.example/oauth2/callback"), NULL);
  gatelet_config_set(config, text("insecure_allow_http_provider"), text("true"), NULL);
  status = gatelet_engine_create(config, &connection.engine, &error);
  gatelet_config_free(config);
  if (status != GATELET_OK) return fprintf(stderr, "%s\n", error.text), 1;

  connection.request.method = text("GET");
  connection.request.scheme = text("https");
  connection.request.host = text("app.example");
  connection.request.target = text("/reports");
  connection.request.peer = text("203.0.113.7");
  status = gatelet_decide(connection.engine, &connection.request, &decision, &op, &error);
  if (status == GATELET_OK) {
    answer(&connection, decision);
  } else if (status == GATELET_PENDING) {
    gatelet_op_on_done(op, on_done, &connection, NULL);
  } else {
    on_done(status, NULL, &error, &connection);
  }

  /* The loop of a server, with its own descriptors beside this one. */
  ready.fd = gatelet_loop_fd(connection.engine);
  ready.events = POLLIN;
  while (!connection.is_answered && poll(&ready, 1, 30000) > 0) gatelet_loop_dispatch(connection.engine, 64);

  gatelet_op_release(op);
  gatelet_engine_release(connection.engine);
  return connection.is_answered ? 0 : 1;
}
