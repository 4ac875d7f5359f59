// Reading a caller's request.
#include <algorithm>

#include "guard.hpp"

namespace gatelet::capi {
namespace {

constexpr std::size_t max_headers = 16 * 1024;

bool are_texts(const gatelet_request& in) noexcept {
  return is_text(in.method) && is_text(in.scheme) && is_text(in.host) && is_text(in.target) &&
         is_text(in.peer) && is_text(in.body);
}

bool are_headers(const gatelet_request& in) noexcept {
  if (in.num_headers == 0) return true;
  if (in.headers == nullptr || in.num_headers > max_headers) return false;
  return std::all_of(in.headers, in.headers + in.num_headers, [](const gatelet_header& field) {
    return is_text(field.name) && is_text(field.value);
  });
}

HeaderView to_view(const gatelet_header& field) noexcept {
  return {capi::view(field.name), capi::view(field.value)};
}

}  // namespace

Result<void> Request::read(const gatelet_request* in) {
  const auto request = read_struct(in, "request");
  if (!request.ok()) return request.error();
  if (!are_texts(*request)) return invalid_argument("request: a text has a size but no data");
  if (!are_headers(*request))
    return invalid_argument("request: headers are NULL, too many, or one has no data");

  view_ = {capi::view(request->method),
           capi::view(request->scheme),
           capi::view(request->host),
           capi::view(request->target),
           capi::view(request->peer),
           {},
           std::nullopt};
  if (request->has_body != 0) view_.body = capi::view(request->body);
  HeaderView* fields = in_place_;
  if (request->num_headers > few) {
    more_.resize(request->num_headers);
    fields = more_.data();
  }
  std::transform(request->headers, request->headers + request->num_headers, fields, to_view);
  view_.headers = {fields, request->num_headers};
  return {};
}

}  // namespace gatelet::capi
