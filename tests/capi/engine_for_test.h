/* Engines for the C tests: one whose provider is configured by hand and never asked, one whose provider is not there. */
#ifndef TESTS_CAPI_ENGINE_FOR_TEST_H
#define TESTS_CAPI_ENGINE_FOR_TEST_H

#include "check.h"

static void set_option(gatelet_config *config, const char *key, const char *value) {
  gatelet_error error = GATELET_ERROR_INIT;
  if (gatelet_config_set(config, str(key), str(value), &error) != GATELET_OK) printf("not ok %s: %s\n", key, error.text);
}

static gatelet_config *basic_config(void) {
  gatelet_config *config = NULL;
  if (gatelet_config_new(&config) != GATELET_OK) return NULL;
  set_option(config, "client_id", "c");
  set_option(config, "client_secret", "s");
  set_option(config, "cookie_secret", "0123456789!bcdef0123456789!bcdef");
  set_option(config, "redirect_url", "https://app.example/oauth2/callback");
  return config;
}

static gatelet_config *offline_config(void) {
  gatelet_config *config = basic_config();
  set_option(config, "oidc_issuer_url", "https://idp.example");
  set_option(config, "skip_oidc_discovery", "true");
  set_option(config, "login_url", "https://idp.example/authorize");
  set_option(config, "redeem_url", "https://idp.example/token");
  set_option(config, "oidc_jwks_url", "https://idp.example/jwks");
  return config;
}

/* Nobody listens on port 1 of loopback. */
static gatelet_config *absent_config(void) {
  gatelet_config *config = basic_config();
  set_option(config, "oidc_issuer_url", "http://127.0.0.1:1");
  set_option(config, "insecure_allow_http_provider", "true");
  return config;
}

static gatelet_engine *engine_of(gatelet_config *config) {
  gatelet_engine *engine = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  if (gatelet_engine_create(config, &engine, &error) != GATELET_OK) printf("not ok create: %s\n", error.text);
  gatelet_config_free(config);
  return engine;
}

static gatelet_request request_for(const char *target) {
  gatelet_request request = GATELET_REQUEST_INIT;
  request.method = str("GET");
  request.scheme = str("https");
  request.host = str("app.example");
  request.target = str(target);
  request.peer = str("203.0.113.7");
  return request;
}

#endif
