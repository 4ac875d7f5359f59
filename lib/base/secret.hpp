// Secret for the inside of the library, and wiping for text that briefly held one.
#pragma once

#include <cstddef>
#include <string>

#include <gatelet/secret.hpp>

namespace gatelet {

// Overwrites `size` bytes in a way the compiler may not leave out.
void wipe(void* data, std::size_t size) noexcept;

// Makes room for `size` bytes in all; when the text has to move for it, its old place is wiped.
void reserve_wiping(std::string& text, std::size_t size);

// Overwrites a string's whole buffer and empties it.
void wipe(std::string& text) noexcept;

}  // namespace gatelet
