#include "http/call.hpp"

#include <utility>

#include "http/header.hpp"

namespace gatelet {
namespace {

std::string_view first_value(const std::vector<HttpField>& fields, std::string_view name) noexcept {
  for (const auto& field : fields) {
    if (http::equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

}  // namespace

HttpCall::~HttpCall() {
  wipe(body);
  for (auto& field : fields) wipe(field.value);
}

HttpCall HttpCall::get(std::string url) {
  HttpCall call;
  call.method = "GET";
  call.url = std::move(url);
  return call;
}

HttpCall HttpCall::post(std::string url, http::Form form) {
  HttpCall call;
  call.method = "POST";
  call.url = std::move(url);
  call.add_header("Content-Type", "application/x-www-form-urlencoded");
  call.body = std::move(form).text();
  return call;
}

std::string_view HttpCall::header(std::string_view name) const noexcept {
  return first_value(fields, name);
}

void HttpCall::add_header(std::string_view name, std::string_view value) {
  fields.push_back({std::string(name), std::string(value)});
}

std::string_view HttpReply::header(std::string_view name) const noexcept {
  return first_value(fields, name);
}

}  // namespace gatelet
