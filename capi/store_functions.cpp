#include "store_functions.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

// What a get was told, by way of C: nothing may be thrown there.
struct Found {
  std::optional<std::string> value;
  bool is_too_large = false;  // there is one, above what is ever kept; not copied
  bool is_odd = false;
};

void take(void* to, gatelet_str value) noexcept {
  constexpr std::size_t max_size = 1024 * 1024;
  auto& found = *static_cast<Found*>(to);
  found.is_odd = found.is_odd || found.value || found.is_too_large || !is_text(value);
  found.is_too_large = value.size > max_size;
  if (found.is_odd || found.is_too_large) return;
  try {
    found.value.emplace(view(value));
  } catch (...) {
    found.is_odd = true;
  }
}

Error failure(gatelet_error& said) {
  said.text[sizeof said.text - 1] = '\0';
  return {Status::store_unreachable, said.text};
}

std::uint64_t whole_milliseconds(Duration lifetime) noexcept {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(lifetime).count());
}

static_assert(static_cast<int>(SessionStore::Condition::always) == GATELET_STORE_ALWAYS);
static_assert(static_cast<int>(SessionStore::Condition::nothing_there) ==
              GATELET_STORE_NOTHING_THERE);
static_assert(static_cast<int>(SessionStore::Condition::something_there) ==
              GATELET_STORE_SOMETHING_THERE);
static_assert(static_cast<int>(SessionStore::Condition::same_there) == GATELET_STORE_SAME_THERE);

}  // namespace

Result<std::optional<std::string>> StoreFunctions::get(std::string_view key) {
  Found found;
  gatelet_error said = GATELET_ERROR_INIT;
  if (functions_.get(user_.get(), to_c(key), take, &found, &said) != GATELET_OK) {
    return failure(said);
  }
  if (found.is_odd) {
    return Error{Status::store_unreachable, "told two values, or one that cannot be"};
  }
  if (found.is_too_large) return Error{Status::session_too_large, "told more than 1 MiB"};
  return std::move(found.value);
}

Result<bool> StoreFunctions::write(const Write& write) {
  gatelet_store_write out = GATELET_STORE_WRITE_INIT;
  out.condition = static_cast<std::uint32_t>(write.condition);
  out.key = to_c(write.key);
  out.expected = to_c(write.expected);
  out.value = to_c(write.value.value_or(std::string_view()));
  out.erases = write.value ? 0 : 1;
  out.lifetime_ms = whole_milliseconds(write.lifetime);
  std::int32_t is_written = 0;
  gatelet_error said = GATELET_ERROR_INIT;
  if (functions_.write(user_.get(), &out, &is_written, &said) != GATELET_OK) return failure(said);
  return is_written != 0;
}
