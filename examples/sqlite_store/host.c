/* An engine whose sessions are in a SQLite file, and whether it is ready: sqlite_host FILE */
#include <stdio.h>

#include "sqlite_store.h"

static const gatelet_str json = GATELET_LITERAL("json");
static const gatelet_str options = GATELET_LITERAL(
    "{\"session_store_type\": \"host\","
    " \"oidc_issuer_url\": \"https://idp.example\", \"client_id\": \"gatelet-demo\", \"client_secret\": \"gatelet-demo-secret\","
    " \"cookie_secret\": \"replace-me-by-32-random-bytes...\", \"redirect_url\": \"https://app.example/oauth2/callback\"}");

int main(int argc, char **argv) {
  gatelet_request request = {.struct_size = sizeof request,
                             .method = GATELET_LITERAL("GET"),
                             .scheme = GATELET_LITERAL("https"),
                             .host = GATELET_LITERAL("app.example"),
                             .target = GATELET_LITERAL("/ready"), /* asks the store */
                             .peer = GATELET_LITERAL("203.0.113.7")};
  gatelet_config *config = NULL;
  gatelet_engine *engine = NULL;
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_status status;
  void *sessions = argc > 1 ? sqlite_store_open(argv[1], 400) : NULL;
  if (sessions == NULL) return fprintf(stderr, "usage: sqlite_host FILE; one to write to\n"), 2;

  status = gatelet_config_new(&config);
  if (status == GATELET_OK) status = gatelet_config_load(config, json, options, &error);
  if (status == GATELET_OK) status = gatelet_config_set_store(config, &sqlite_store, sessions, sqlite_store_close, &error);
  if (status == GATELET_OK) status = gatelet_engine_create(config, &engine, &error);
  gatelet_config_free(config); /* when the engine has gone as well, the file is closed */
  if (status != GATELET_OK) return fprintf(stderr, "%s\n", error.text), 1;

  status = gatelet_decide(engine, &request, &decision, &op, NULL);
  if (status == GATELET_PENDING) status = gatelet_op_wait(op, 30000, &decision, NULL);
  printf("%s\n", status == GATELET_OK && gatelet_decision_http_status(decision) == 200 ? "ready" : "not ready");
  gatelet_decision_release(decision);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
  return 0;
}
