// Header fields ("name: value" a line): check_headers accepts only what is without doubt, and names
// compare as slow definitions say.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/header.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

std::string folded(std::string_view text) {
  auto out = lower(text);
  for (auto& c : out) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderView> headers;
  std::size_t total = 0;
  for (;;) {
    const auto line = text.substr(0, text.find('\n'));
    const auto colon = line.find(": ");
    HeaderView header{line.substr(0, colon), {}};
    if (colon != std::string_view::npos) header.value = line.substr(colon + 2);
    headers.push_back(header);
    total += header.name.size() + header.value.size();
    if (line.size() == text.size() || headers.size() == 64) break;
    text.remove_prefix(line.size() + 1);
  }

  const auto& first = headers.front();
  const auto& last = headers.back();
  require(equal_ignoring_case(first.name, last.name) == (lower(first.name) == lower(last.name)));
  require(equal_folded(first.name, last.name) == (folded(first.name) == folded(last.name)));
  require(find_header(headers, last.name) != nullptr && count_header(headers, last.name) >= 1);
  require(equal_ignoring_case(find_header(headers, last.name)->name, last.name));
  require(find_header(headers, first.name) == headers.data());

  // The elements of a list, joined again, give the same elements.
  std::vector<std::string> elements;
  std::string joined;
  for_each_element(last.value, [&](std::string_view item) {
    require(!item.empty() && item.find(',') == std::string_view::npos);
    elements.emplace_back(item);
    joined += std::string(item) + " ,\t,";
  });
  std::size_t i = 0;
  for_each_element(joined, [&](std::string_view item) {
    require(i < elements.size() && item == elements[i]);
    ++i;
  });
  require(i == elements.size());

  const auto checked = check_headers(headers);
  if (!checked.ok()) {
    require(checked.error().status == Status::bad_request);
    return 0;
  }
  require(total <= 64 * 1024);
  require(count_header(headers, "host") <= 1 && count_header(headers, "authorization") <= 1);
  for (const auto& header : headers) {
    require(is_token(header.name));
    for (const char c : header.value) require(c != '\r' && c != '\n' && c != '\0');
  }
  return 0;
}
