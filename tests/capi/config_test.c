/* Configurations, statuses and error texts through the C API. */
#include "engine_for_test.h"

static void an_unknown_option_names_the_nearest(void) {
  gatelet_config *config = offline_config();
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_config_set(config, str("client_idd"), str("x"), &error) == GATELET_E_UNKNOWN_OPTION);
  CHECK(error.status == GATELET_E_UNKNOWN_OPTION);
  CHECK(strstr(error.text, "client_id") != NULL);
  gatelet_config_free(config);
}

static void a_success_empties_the_error(void) {
  gatelet_config *config = offline_config();
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_config_set(config, str("no_such_option"), str("x"), &error);
  CHECK(gatelet_config_set(config, str("client_id"), str("d"), &error) == GATELET_OK);
  CHECK(error.status == GATELET_OK && error.text[0] == '\0');
  gatelet_config_free(config);
}

static void problems_are_counted_and_told_one_by_one(void) {
  gatelet_config *config = offline_config();
  gatelet_error error = GATELET_ERROR_INIT;
  size_t num = 99;
  CHECK(gatelet_config_check(config, &num) == GATELET_OK && num == 0);
  set_option(config, "cookie_secret", "canary-7");
  set_option(config, "cookie_expire", "a week");
  CHECK(gatelet_config_check(config, &num) == GATELET_OK && num == 2);
  CHECK(gatelet_config_problem(config, 0, &error) == GATELET_OK && error.status < 0);
  CHECK(strstr(error.text, "canary") == NULL);
  CHECK(gatelet_config_problem(config, 2, &error) == GATELET_E_INVALID_ARGUMENT);
  gatelet_config_free(config);
}

static void a_broken_configuration_makes_no_engine(void) {
  gatelet_config *config = offline_config();
  gatelet_engine *engine = (gatelet_engine *)config;
  gatelet_error error = GATELET_ERROR_INIT;
  set_option(config, "cookie_expire", "a week");
  CHECK(gatelet_engine_create(config, &engine, &error) == GATELET_E_INVALID_CONFIGURATION);
  CHECK(engine == NULL);
  CHECK(strstr(error.text, "cookie_expire") != NULL);
  gatelet_config_free(config);
}

static void a_file_is_loaded_and_a_broken_one_changes_nothing(void) {
  gatelet_config *config = offline_config();
  gatelet_error error = GATELET_ERROR_INIT;
  size_t num = 0;
  const gatelet_status loaded = gatelet_config_load(config, str("toml"), str("cookie_expire = \"2h\"\n"), &error);
  CHECK(loaded == GATELET_OK || loaded == GATELET_E_NOT_BUILT);
  if (loaded == GATELET_OK) {
    CHECK(gatelet_config_load(config, str("toml"), str("cookie_expire = \n"), &error) < 0);
    CHECK(gatelet_config_load(config, str("toml"), str("cookie_expired = \"1h\"\n"), &error) < 0);
    CHECK(strstr(error.text, "cookie_expire") != NULL);
  }
  CHECK(gatelet_config_load(config, str("ini"), str("x"), &error) < 0);
  const gatelet_status alpha =
      gatelet_config_load(config, str("yaml"), str("providers: [{id: a, clientid: c}]\nservr: {}\n"), &error);
  CHECK(alpha < 0);
  CHECK(alpha == GATELET_E_NOT_BUILT || strstr(error.text, "did you mean server?") != NULL);
  CHECK(gatelet_config_check(config, &num) == GATELET_OK && num == 0);
  gatelet_config_free(config);
}

static void an_alpha_configuration_says_all_about_providers(void) {
  gatelet_config *config = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  const char *const variables[] = {"SECRET=s", NULL};
  const char *text = "providers: [{id: a, provider: oidc, clientID: c, clientSecret: \"$SECRET\", oidcConfig: {issuerURL: https://idp.example}}]\n";
  size_t num = 1;
  CHECK(gatelet_config_new(&config) == GATELET_OK);
  CHECK(gatelet_config_set(config, str("cookie_secret"), str("0123456789!bcdef0123456789!bcdef"), &error) == GATELET_OK);
  gatelet_status loaded = gatelet_config_load(config, str("yaml"), str(text), &error);
  CHECK(loaded == GATELET_E_INVALID_ARGUMENT || loaded == GATELET_E_NOT_BUILT);
  CHECK(gatelet_config_load_env(config, variables, &error) == GATELET_OK);
  loaded = gatelet_config_load(config, str("yaml"), str(text), &error);
  if (loaded == GATELET_OK) {
    CHECK(gatelet_config_check(config, &num) == GATELET_OK && num == 0);
    CHECK(gatelet_config_set(config, str("client_id"), str("another"), &error) == GATELET_OK);
    CHECK(gatelet_config_check(config, &num) == GATELET_OK && num > 0);
    CHECK(gatelet_config_problem(config, 0, &error) == GATELET_OK);
    CHECK(strstr(error.text, "does not go with an alpha configuration") != NULL);
  }
  CHECK(loaded == GATELET_OK || loaded == GATELET_E_NOT_BUILT);
  gatelet_config_free(config);
}

static void the_environment_sets_options_by_name(void) {
  gatelet_config *config = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  const char *const wrong[] = {"PATH=/bin", "GATELET_CLIENT_IDD=x", NULL};
  const char *const right[] = {"PATH=/bin", "GATELET_OIDC_ISSUER_URL=https://idp.example", "OAUTH2_PROXY_CLIENT_ID=c",
                               "GATELET_CLIENT_SECRET=s", "GATELET_COOKIE_SECRET=0123456789!bcdef0123456789!bcdef", NULL};
  size_t num_problems = 0;
  CHECK(gatelet_config_new(&config) == GATELET_OK);
  CHECK(gatelet_config_load_env(config, wrong, &error) == GATELET_E_UNKNOWN_OPTION);
  CHECK(strstr(error.text, "GATELET_CLIENT_IDD") != NULL && strstr(error.text, "client_id?") != NULL);
  CHECK(gatelet_config_check(config, &num_problems) == GATELET_OK && num_problems > 0);
  CHECK(gatelet_config_load_env(config, right, &error) == GATELET_OK);
  CHECK(gatelet_config_check(config, &num_problems) == GATELET_OK && num_problems == 0);
  gatelet_config_free(config);
}

static void an_error_of_an_older_size_is_written_as_far_as_it_goes(void) {
  gatelet_config *config = offline_config();
  union {
    gatelet_error error;
    unsigned char bytes[sizeof(gatelet_error)];
  } small;
  memset(&small, 0x5a, sizeof small);
  small.error.struct_size = 8 + 4; /* four characters of text, the last one NUL */
  gatelet_config_set(config, str("client_idd"), str("x"), &small.error);
  CHECK(small.error.status == GATELET_E_UNKNOWN_OPTION);
  CHECK(strlen(small.error.text) == 3);
  CHECK(small.bytes[12] == 0x5a);
  gatelet_config_free(config);
}

static void long_refusals_are_told_to_their_end(void) {
  gatelet_config *config = offline_config();
  gatelet_engine *engine = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  CHECK(gatelet_config_set(config, str("request_logging_format"), str("{{.Clent}}"), NULL) == GATELET_OK);
  CHECK(gatelet_config_set(config, str("standard_logging_format"), str("{{.Fill}}"), NULL) == GATELET_OK);
  CHECK(gatelet_engine_create(config, &engine, &error) == GATELET_E_INVALID_CONFIGURATION);
  CHECK(strlen(error.text) > 255);
  CHECK(strstr(error.text, "the field .Clent is not known") != NULL);
  CHECK(strstr(error.text, "the field .Fill is not known") != NULL);
  CHECK(strstr(error.text, ".Timestamp") != NULL); /* the last word */
  gatelet_config_free(config);
}

static void text_without_data_is_refused(void) {
  gatelet_config *config = offline_config();
  gatelet_str none = {NULL, 3};
  gatelet_str endless = {"x", (size_t)-1};
  CHECK(gatelet_config_set(config, none, str("x"), NULL) == GATELET_E_INVALID_ARGUMENT);
  CHECK(gatelet_config_set(config, str("client_id"), endless, NULL) == GATELET_E_INVALID_ARGUMENT);
  gatelet_config_free(config);
}

static void statuses_have_class_http_number_and_name(void) {
  CHECK(gatelet_status_class(GATELET_OK) == GATELET_CLASS_OK);
  CHECK(gatelet_status_class(GATELET_PENDING) == GATELET_CLASS_UNFINISHED);
  CHECK(gatelet_status_class(GATELET_E_TIMED_OUT) == GATELET_CLASS_UNAVAILABLE);
  CHECK(gatelet_status_http(GATELET_E_TIMED_OUT) == 502);
  CHECK(gatelet_status_http(GATELET_OK) == 500);
  CHECK(strcmp(gatelet_status_name(GATELET_E_TIMED_OUT), "timed_out") == 0);
  CHECK(strcmp(gatelet_status_name(12345), "unknown") == 0);
  CHECK(gatelet_version() > 0);
}

static int num_dropped;
static void drop(void *user) {
  CHECK(user == &num_dropped);
  ++num_dropped;
}
static void ignore_event(const gatelet_event *event, void *user) {
  (void)event;
  (void)user;
}

static void the_event_user_is_dropped_once_when_config_and_engine_are_gone(void) {
  gatelet_config *config = offline_config();
  gatelet_engine *engine = NULL;
  num_dropped = 0;
  CHECK(gatelet_config_on_event(config, ignore_event, &num_dropped, drop) == GATELET_OK);
  CHECK(gatelet_engine_create(config, &engine, NULL) == GATELET_OK);
  gatelet_config_free(config);
  CHECK(num_dropped == 0);
  gatelet_engine_release(engine);
  CHECK(num_dropped == 1);
  CHECK(gatelet_config_on_event(NULL, ignore_event, &num_dropped, drop) == GATELET_E_INVALID_ARGUMENT);
  CHECK(num_dropped == 2);
}

int main(void) {
  RUN(an_unknown_option_names_the_nearest);
  RUN(a_success_empties_the_error);
  RUN(problems_are_counted_and_told_one_by_one);
  RUN(a_broken_configuration_makes_no_engine);
  RUN(a_file_is_loaded_and_a_broken_one_changes_nothing);
  RUN(an_alpha_configuration_says_all_about_providers);
  RUN(the_environment_sets_options_by_name);
  RUN(an_error_of_an_older_size_is_written_as_far_as_it_goes);
  RUN(long_refusals_are_told_to_their_end);
  RUN(text_without_data_is_refused);
  RUN(statuses_have_class_http_number_and_name);
  RUN(the_event_user_is_dropped_once_when_config_and_engine_are_gone);
  (void)is_text;
  (void)absent_config;
  (void)engine_of;
  (void)request_for;
  return report();
}
