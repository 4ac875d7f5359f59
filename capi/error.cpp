// Statuses and error texts.
#include "guard.hpp"

namespace gatelet::capi {

// The C header repeats the numbers of errors.def as literals: they must stay equal.
#define GATELET_STATUS(name, cls, detail, http, sentence) \
  constexpr gatelet_status number_of_##name = static_cast<gatelet_status>(Status::name);
#include <gatelet/errors.def>
#undef GATELET_STATUS

static_assert(number_of_pending == GATELET_PENDING && number_of_need_body == GATELET_NEED_BODY);
static_assert(number_of_invalid_argument == GATELET_E_INVALID_ARGUMENT);
static_assert(number_of_invalid_state == GATELET_E_INVALID_STATE);
static_assert(number_of_forked == GATELET_E_FORKED);
static_assert(number_of_in_callback == GATELET_E_IN_CALLBACK);
static_assert(number_of_data_too_large == GATELET_E_DATA_TOO_LARGE);
static_assert(number_of_unknown_option == GATELET_E_UNKNOWN_OPTION);
static_assert(number_of_invalid_value == GATELET_E_INVALID_VALUE);
static_assert(number_of_invalid_configuration == GATELET_E_INVALID_CONFIGURATION);
static_assert(number_of_unreadable_file == GATELET_E_UNREADABLE_FILE);
static_assert(number_of_not_built == GATELET_E_NOT_BUILT);
static_assert(number_of_malformed == GATELET_E_MALFORMED);
static_assert(number_of_bad_request == GATELET_E_BAD_REQUEST);
static_assert(number_of_bad_callback == GATELET_E_BAD_CALLBACK);
static_assert(number_of_state_missing == GATELET_E_STATE_MISSING);
static_assert(number_of_state_mismatch == GATELET_E_STATE_MISMATCH);
static_assert(number_of_login_denied == GATELET_E_LOGIN_DENIED);
static_assert(number_of_issuer_mismatch == GATELET_E_ISSUER_MISMATCH);
static_assert(number_of_token_rejected == GATELET_E_TOKEN_REJECTED);
static_assert(number_of_key_unknown == GATELET_E_KEY_UNKNOWN);
static_assert(number_of_provider_refused == GATELET_E_PROVIDER_REFUSED);
static_assert(number_of_provider_bad_answer == GATELET_E_PROVIDER_BAD_ANSWER);
static_assert(number_of_grant_ended == GATELET_E_GRANT_ENDED);
static_assert(number_of_not_permitted == GATELET_E_NOT_PERMITTED);
static_assert(number_of_incomplete_identity == GATELET_E_INCOMPLETE_IDENTITY);
static_assert(number_of_session_invalid == GATELET_E_SESSION_INVALID);
static_assert(number_of_vetoed == GATELET_E_VETOED);
static_assert(number_of_provider_unreachable == GATELET_E_PROVIDER_UNREACHABLE);
static_assert(number_of_provider_unavailable == GATELET_E_PROVIDER_UNAVAILABLE);
static_assert(number_of_timed_out == GATELET_E_TIMED_OUT);
static_assert(number_of_too_many_operations == GATELET_E_TOO_MANY_OPERATIONS);
static_assert(number_of_store_unreachable == GATELET_E_STORE_UNREACHABLE);
static_assert(number_of_cancelled == GATELET_E_CANCELLED);
static_assert(number_of_internal == GATELET_E_INTERNAL);
static_assert(number_of_out_of_memory == GATELET_E_OUT_OF_MEMORY);
static_assert(number_of_no_entropy == GATELET_E_NO_ENTROPY);
static_assert(number_of_session_too_large == GATELET_E_SESSION_TOO_LARGE);

void write_error(gatelet_error* out, gatelet_status status, std::string_view text) noexcept {
  if (out == nullptr) return;
  const std::size_t room = std::min<std::size_t>(out->struct_size, sizeof(gatelet_error));
  if (room < offsetof(gatelet_error, text)) return;
  out->status = status;
  const std::size_t text_room = room - offsetof(gatelet_error, text);
  if (text_room == 0) return;
  std::size_t size = std::min(text.size(), text_room - 1);
  // Cut between characters, never inside one (UTF-8 continuation bytes are 10xxxxxx).
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
    --size;
  if (size > 0) std::memcpy(out->text, text.data(), size);  // text may be without data then
  out->text[size] = '\0';
}

}  // namespace gatelet::capi

using namespace gatelet;

int gatelet_status_class(gatelet_status status) {
  return static_cast<int>(status_class(static_cast<Status>(status)));
}

int gatelet_status_http(gatelet_status status) { return status_http(static_cast<Status>(status)); }

const char* gatelet_status_name(gatelet_status status) {
  return status_name(static_cast<Status>(status)).data();
}

uint32_t gatelet_version(void) {
  return GATELET_VERSION_MAJOR << 16 | GATELET_VERSION_MINOR << 8 | GATELET_VERSION_PATCH;
}
