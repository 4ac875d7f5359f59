/* The _INIT macros: sizes set, everything else empty. */
#include <gatelet/unstable/sessions.h>
#include <gatelet/unstable/store.h>

#include "check.h"

static int is_zero_after_size(const void *object, size_t size) {
  const unsigned char *bytes = object;
  size_t i;
  for (i = sizeof(uint32_t); i < size; ++i) {
    if (bytes[i] != 0) return 0;
  }
  return 1;
}

#define INIT_CASE(type, init)                                 \
  static void type##_starts_empty_and_sized(void) {           \
    type object = init;                                       \
    CHECK(object.struct_size == sizeof(type));                \
    CHECK(is_zero_after_size(&object, sizeof object));        \
  }
INIT_CASE(gatelet_error, GATELET_ERROR_INIT)
INIT_CASE(gatelet_request, GATELET_REQUEST_INIT)
INIT_CASE(gatelet_login_options, GATELET_LOGIN_OPTIONS_INIT)
INIT_CASE(gatelet_sign_out_options, GATELET_SIGN_OUT_OPTIONS_INIT)
INIT_CASE(gatelet_served, GATELET_SERVED_INIT)
INIT_CASE(gatelet_session_info, GATELET_SESSION_INFO_INIT)
INIT_CASE(gatelet_store, GATELET_STORE_INIT)
INIT_CASE(gatelet_store_write, GATELET_STORE_WRITE_INIT)

static void a_literal_is_text_without_its_nul(void) {
  const gatelet_str text = GATELET_LITERAL("toml");
  CHECK(text.size == 4);
}

int main(void) {
  RUN(gatelet_error_starts_empty_and_sized);
  RUN(gatelet_request_starts_empty_and_sized);
  RUN(gatelet_login_options_starts_empty_and_sized);
  RUN(gatelet_sign_out_options_starts_empty_and_sized);
  RUN(gatelet_served_starts_empty_and_sized);
  RUN(gatelet_session_info_starts_empty_and_sized);
  RUN(gatelet_store_starts_empty_and_sized);
  RUN(gatelet_store_write_starts_empty_and_sized);
  RUN(a_literal_is_text_without_its_nul);
  (void)str;
  (void)is_text;
  return report();
}
