/* Decides one request, waiting where the provider must be asked first: decide_blocking ISSUER [COOKIE] */
#include <gatelet/gatelet.h>
#include <stdio.h>
#include <string.h>

static gatelet_str text(const char *chars) {
  gatelet_str out = {chars, strlen(chars)};
  return out;
}

static gatelet_engine *make_engine(const char *issuer) {
  const char *options[][2] = {{"oidc_issuer_url", issuer},
                              {"client_id", "gatelet-demo"},
                              {"client_secret", "gatelet-demo-secret"},
                              {"cookie_secret", "replace-me-by-32-random-bytes..."},
                              {"redirect_url", "https://app.example/oauth2/callback"},
                              {"insecure_allow_http_provider", "true"}};
  gatelet_config *config = NULL;
  gatelet_engine *engine = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  size_t i;
  if (gatelet_config_new(&config) != GATELET_OK) return NULL;
  for (i = 0; i < sizeof options / sizeof options[0]; ++i) {
    if (gatelet_config_set(config, text(options[i][0]), text(options[i][1]), &error) != GATELET_OK) break;
  }
  if (error.status == GATELET_OK) gatelet_engine_create(config, &engine, &error);
  if (engine == NULL) fprintf(stderr, "%s\n", error.text);
  gatelet_config_free(config);
  return engine;
}

int main(int argc, char **argv) {
  gatelet_engine *engine = argc < 2 ? NULL : make_engine(argv[1]);
  gatelet_decision *decision = NULL;
  gatelet_op *op = NULL;
  gatelet_request request = GATELET_REQUEST_INIT;
  gatelet_header headers[2];
  const gatelet_header *fields;
  gatelet_status status;
  size_t num, i;
  if (argc < 2) fprintf(stderr, "usage: decide_blocking ISSUER [COOKIE]\n");
  if (engine == NULL) return 1;

  headers[0].name = text("Host");
  headers[0].value = text("app.example");
  headers[1].name = text("Cookie");
  headers[1].value = text(argc > 2 ? argv[2] : "");
  request.method = text("GET");
  request.scheme = text("https");
  request.host = text("app.example");
  request.target = text("/reports");
  request.peer = text("203.0.113.7");
  request.headers = headers;
  request.num_headers = 2;

  status = gatelet_decide(engine, &request, &decision, &op, NULL);
  if (status == GATELET_PENDING) status = gatelet_op_wait(op, 30000, &decision, NULL);
  if (status != GATELET_OK) gatelet_failure(engine, &request, status, &decision);

  printf("%d %.*s\n", gatelet_decision_http_status(decision), (int)gatelet_decision_reason(decision).size,
         gatelet_decision_reason(decision).data);
  fields = gatelet_decision_headers(decision, GATELET_RESPONSE, &num);
  for (i = 0; i < num; ++i) {
    printf("%.*s: %.*s\n", (int)fields[i].name.size, fields[i].name.data, (int)fields[i].value.size, fields[i].value.data);
  }
  gatelet_decision_release(decision);
  gatelet_op_release(op);
  gatelet_engine_release(engine);
  return 0;
}
