// Text as bytes and bytes as text, without a copy; and hexadecimal.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatelet {

inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::span<std::byte> as_writable_bytes(std::string& text) noexcept {
  return {reinterpret_cast<std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);

// Either letter case; nullopt for an odd length or another character.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace gatelet
