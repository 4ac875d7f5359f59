// The same for a store in C++: tries the promises of <gatelet/store.hpp> on a SessionStore. For the
// test of whoever writes one; what it does stands in <gatelet/unstable/store_check.h>.
#pragma once

#include <gatelet/unstable/store_check.h>
#include <gatelet/store.hpp>

namespace gatelet::inline GATELET_CXX_ABI {
namespace store_check {

inline std::string_view view(gatelet_str text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

inline gatelet_status fail(const Error& why, gatelet_error* error) {
  std::snprintf(error->text, sizeof error->text, "%s", why.text.c_str());
  return static_cast<gatelet_status>(why.status);
}

inline gatelet_status get(void* user, gatelet_str key, gatelet_store_found_fn found, void* to,
                          gatelet_error* error) {
  const auto value = static_cast<SessionStore*>(user)->get(view(key));
  if (!value.ok()) return fail(value.error(), error);
  if (*value) found(to, {(*value)->data(), (*value)->size()});
  return GATELET_OK;
}

inline gatelet_status write(void* user, const gatelet_store_write* in, int32_t* is_written,
                            gatelet_error* error) {
  SessionStore::Write out;
  out.key = view(in->key);
  out.condition = static_cast<SessionStore::Condition>(in->condition);
  out.expected = view(in->expected);
  if (in->erases == 0) out.value = view(in->value);
  out.lifetime = std::chrono::milliseconds(in->lifetime_ms);
  const auto held = static_cast<SessionStore*>(user)->write(out);
  if (!held.ok()) return fail(held.error(), error);
  *is_written = *held ? 1 : 0;
  return GATELET_OK;
}

inline gatelet_store functions() {
  gatelet_store out = GATELET_STORE_INIT;
  out.get = get;
  out.write = write;
  return out;
}

}  // namespace store_check

// How many promises are broken; each is a line of `out`. `other` may be a second connection to the
// same database, or `one` again.
inline int check_store(SessionStore& one, SessionStore& other, const char* prefix, std::FILE* out) {
  const auto store = store_check::functions();
  return gatelet_store_check(&store, &one, &other, prefix, out);
}

// In several threads or processes at once; then, in one of them, whether it adds up.
inline int check_store_add(SessionStore& one, const char* prefix, int times, std::FILE* out) {
  const auto store = store_check::functions();
  return gatelet_store_check_add(&store, &one, prefix, times, out);
}
inline int check_store_sum(SessionStore& one, const char* prefix, int expected, std::FILE* out) {
  const auto store = store_check::functions();
  return gatelet_store_check_sum(&store, &one, prefix, expected, out);
}

}  // namespace gatelet::inline GATELET_CXX_ABI
