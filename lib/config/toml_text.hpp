// What is looked at in a TOML text before toml++ may parse it.
//
// toml++ 3.3 asks of characters outside ASCII whether they are white space, with a table that does
// not cover them all, which is undefined. It does so wherever it expects anything but the inside of
// a text or a comment, and behind a backslash that ends a line of a text. No configuration needs
// such a character there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatelet::config {

// `text` with every byte outside ASCII made a '@', which TOML knows in texts and comments only:
// when this one parses, all such bytes of the original stand there. Offsets and lines are the same.
std::string ascii_shape(std::string_view text);

// The line of the first byte outside ASCII that only white space parts from a backslash before it;
// 0 when there is none.
std::size_t line_of_continuation(std::string_view text) noexcept;

// The line of the first key or header with more than eight parts (a.b.c has three); 0 when there is
// none. Each part is a table inside the one before, and toml++ takes a piece of stack for each when
// it destroys them: some thousands of parts would end the process.
std::size_t line_of_deep_key(std::string_view text) noexcept;

}  // namespace gatelet::config
