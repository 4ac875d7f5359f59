#include "oidc/backend_logout.hpp"

#include <utility>

#include "http/form.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::string_view mark = "{id_token}";
constexpr std::size_t max_reply_size = 64 * 1024;  // nobody reads it

std::string filled(std::string_view url, std::string_view with) {
  std::string out;
  for (auto at = url.find(mark); at != std::string_view::npos; at = url.find(mark)) {
    out.append(url.substr(0, at)).append(with);
    url.remove_prefix(at + mark.size());
  }
  return out.append(url);
}

}  // namespace

std::string without_mark(std::string_view url) { return filled(url, "x"); }

HttpCall backend_logout_request(const Provider& provider, const Secret& id_token) {
  std::string encoded;
  http::form_encode(id_token.reveal(), encoded);
  auto call = HttpCall::get(filled(provider.backend_logout_url, encoded));
  call.max_reply_size = max_reply_size;
  call.trust = provider.trust;
  wipe(encoded);
  return call;
}

Result<void> read_backend_logout_reply(const HttpReply& reply) {
  if (reply.status >= 200 && reply.status < 300) return {};
  return Error{Status::provider_bad_answer,
               "backend_logout_url answered " + std::to_string(reply.status)};
}

}  // namespace gatelet::oidc
