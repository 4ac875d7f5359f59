#include "crypto/ecdsa_signature.hpp"

#include <algorithm>

namespace gatelet::crypto {
namespace {

using Number = std::span<const unsigned char>;

bool is_in_range(Number value, Number order) noexcept {
  const bool is_zero = std::all_of(value.begin(), value.end(), [](auto byte) { return byte == 0; });
  return !is_zero &&
         std::lexicographical_compare(value.begin(), value.end(), order.begin(), order.end());
}

Number without_leading_zeros(Number value) noexcept {
  while (value.size() > 1 && value.front() == 0) value = value.subspan(1);
  return value;
}

// A DER INTEGER is signed: a set high bit needs a zero before it.
std::size_t content_size(Number value) noexcept { return value.size() + (value.front() >> 7); }

void put(DerSignature& out, std::size_t byte) noexcept {
  out.bytes[out.size++] = static_cast<unsigned char>(byte);
}

void put_integer(DerSignature& out, Number value) noexcept {
  put(out, 0x02);
  put(out, content_size(value));
  if (content_size(value) > value.size()) put(out, 0);
  for (const auto byte : value) put(out, byte);
}

}  // namespace

std::optional<DerSignature> der_from_jose(std::string_view signature, Number order) noexcept {
  constexpr std::size_t max_coordinate = 66;
  if (order.size() > max_coordinate || signature.size() != 2 * order.size()) return std::nullopt;

  const Number both(reinterpret_cast<const unsigned char*>(signature.data()), signature.size());
  const Number wide_r = both.first(order.size());
  const Number wide_s = both.last(order.size());
  if (!is_in_range(wide_r, order) || !is_in_range(wide_s, order)) return std::nullopt;

  const Number r = without_leading_zeros(wide_r);
  const Number s = without_leading_zeros(wide_s);
  const std::size_t size = 2 + content_size(r) + 2 + content_size(s);
  DerSignature out;
  put(out, 0x30);
  if (size > 127) put(out, 0x81);
  put(out, size);
  put_integer(out, r);
  put_integer(out, s);
  return out;
}

}  // namespace gatelet::crypto
