// application/x-www-form-urlencoded (WHATWG URL, section 5): writing it, and reading it strictly.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/request.hpp>

#include "base/result.hpp"

namespace gatelet::http {

// The body is such a form: one Content-Type says so.
bool is_form(std::span<const HeaderView> headers) noexcept;

struct Param {
  std::string name, value;
  friend bool operator==(const Param&, const Param&) = default;
};
using Params = std::vector<Param>;

// The one value of `name`, or null when it is absent. Duplicates are the reader's caller's
// business: count().
const std::string* find(const Params& params, std::string_view name) noexcept;
std::size_t count(const Params& params, std::string_view name) noexcept;

// Pairs in the order they were added, encoded as they go in: everything but `A-Z a-z 0-9 * - . _`
// is percent-encoded, a space becomes `+`.
class Form {
 public:
  void add(std::string_view name, std::string_view value);
  const std::string& text() const& noexcept { return text_; }
  std::string text() && noexcept { return std::move(text_); }

 private:
  std::string text_;
};

// Appends `text`, encoded as a form value.
void form_encode(std::string_view text, std::string& out);

// What a `;` is: some servers take it for another `&` (HTML 4), and must not be made to see other
// parameters than we do.
enum class Semicolon : std::uint8_t { refused, separates };

// Walks the pairs of a query or a form body, decoding each into storage the caller keeps.
class FormReader {
 public:
  explicit FormReader(std::string_view text, Semicolon semicolon = Semicolon::refused) noexcept
      : rest_(text), separators_(semicolon == Semicolon::separates ? "&;" : "&") {}

  // False when there is no further pair. Empty pairs ("a=1&&b=2") are passed over.
  //   Failure: as parse_form; `out` then holds nothing to rely on.
  Result<bool> next(Param& out);

 private:
  std::string_view rest_;
  std::string_view separators_;
  std::size_t num_pairs_ = 0;
};

// Reads a query or a form body, in order, duplicates kept.
//   Failure: Status::malformed for a broken percent escape, more than 256 pairs, a `;` that is
//   refused, control bytes after decoding, or bytes that are not UTF-8.
Result<Params> parse_form(std::string_view text, Semicolon = Semicolon::refused);

}  // namespace gatelet::http
