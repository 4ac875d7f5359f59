/* The library as a host has it that loads it at run time: its functions by name, and engines made through them. */
#ifndef TESTS_CAPI_LOADED_LIBRARY_H
#define TESTS_CAPI_LOADED_LIBRARY_H

#include <dlfcn.h>

#include "check.h"

#define FUNCTIONS(USE)                                                                                        \
  USE(config_new) USE(config_set) USE(config_free) USE(engine_create) USE(engine_start) USE(engine_reload)    \
  USE(engine_retain) USE(engine_release) USE(decide) USE(identify) USE(failure) USE(body_limit) USE(metrics)  \
  USE(decision_kind) USE(decision_http_status) USE(decision_release) USE(op_wait) USE(op_on_done)             \
  USE(op_cancel) USE(op_release) USE(loop_dispatch) USE(loop_run_once) USE(status_class)

#define MEMBER(name) __typeof__(gatelet_##name) *name;
typedef struct {
  void *handle;
  FUNCTIONS(MEMBER)
} library;
#undef MEMBER

/* ISO C has no cast from an object's address to a function's. */
static int find(void *handle, const char *name, void *function, size_t size) {
  void *const found = dlsym(handle, name);
  memcpy(function, &found, size);
  return found != NULL;
}

static int open_library(library *lib, const char *path) {
  int is_whole = 1;
  memset(lib, 0, sizeof *lib);
  lib->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (lib->handle == NULL) {
    printf("not ok %s\n", dlerror());
    return 0;
  }
#define FIND(name) is_whole &= find(lib->handle, "gatelet_" #name, &lib->name, sizeof lib->name);
  FUNCTIONS(FIND)
#undef FIND
  return is_whole;
}

/* A provider at this address, known by discovery; `driver`: "thread" or "caller". */
static gatelet_config *config_for(const library *lib, const char *issuer, const char *driver) {
  const char *const options[][2] = {
      {"client_id", "c"},        {"client_secret", "s"},   {"cookie_secret", "0123456789!bcdef0123456789!bcdef"},
      {"oidc_issuer_url", issuer}, {"driver", driver},     {"redirect_url", "https://app.example/oauth2/callback"},
      {"http_timeout", "20s"},   {"insecure_allow_http_provider", "true"}};
  gatelet_config *config = NULL;
  size_t i;
  if (lib->config_new(&config) != GATELET_OK) return NULL;
  for (i = 0; i < sizeof options / sizeof options[0]; ++i) {
    CHECK(lib->config_set(config, str(options[i][0]), str(options[i][1]), NULL) == GATELET_OK);
  }
  return config;
}

static gatelet_engine *engine_for(const library *lib, const char *issuer, const char *driver) {
  gatelet_config *const config = config_for(lib, issuer, driver);
  gatelet_engine *engine = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  if (lib->engine_create(config, &engine, &error) != GATELET_OK) printf("not ok create: %s\n", error.text);
  lib->config_free(config);
  return engine;
}

static gatelet_request page_request(void) {
  gatelet_request request = GATELET_REQUEST_INIT;
  request.method = str("GET");
  request.scheme = str("https");
  request.host = str("app.example");
  request.target = str("/page");
  request.peer = str("203.0.113.7");
  return request;
}

#endif
