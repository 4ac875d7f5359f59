#include "policy/request_signer.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "http/path.hpp"

namespace gatelet::policy {
namespace {

using crypto::Digest;

constexpr std::array<std::pair<std::string_view, Digest>, 6> algorithms = {{
    {"md5", Digest::md5},
    {"sha1", Digest::sha1},
    {"sha224", Digest::sha224},
    {"sha256", Digest::sha256},
    {"sha384", Digest::sha384},
    {"sha512", Digest::sha512},
}};

// In this order, each on a line of its own.
constexpr std::array<std::string_view, 11> signed_fields = {
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "Authorization",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-User",
    "X-Forwarded-Access-Token",
    "Cookie",
    "GAP-Auth",
};

std::optional<Digest> digest_named(std::string_view name) noexcept {
  for (const auto& [known, digest] : algorithms) {
    if (known == name) return digest;
  }
  return std::nullopt;
}

std::string text_to_sign(const RequestSigner::Signed& request,
                         const RequestSigner::ValueOf& value_of) {
  std::string text(request.method);
  text += '\n';
  for (const auto name : signed_fields) text.append(value_of(name)).append("\n");
  const auto question = request.target.find('?');
  text += http::percent_decoded(request.target.substr(0, question));
  if (question != std::string_view::npos && question + 1 < request.target.size()) {
    text += request.target.substr(question);
  }
  return text.append("\n");
}

}  // namespace

Result<RequestSigner> RequestSigner::make(const Secret& algorithm_and_key) {
  const auto text = algorithm_and_key.reveal();
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return Error{Status::invalid_value, "is no algorithm and key; write sha256:<key>"};
  }
  const auto digest = digest_named(text.substr(0, colon));
  if (!digest) {
    return Error{Status::invalid_value,
                 "names an unknown algorithm; write md5, sha1, sha224, sha256, sha384 or sha512"};
  }
  if (colon + 1 == text.size()) {
    return Error{Status::invalid_value, "has no key; write sha256:<key>"};
  }
  auto key = crypto::HmacKey::make(*digest, Secret(text.substr(colon + 1)));
  if (!key.ok()) return std::move(key).error();
  return RequestSigner(std::string(text.substr(0, colon)), std::move(key).value());
}

Result<std::string> RequestSigner::sign(const Signed& request, const ValueOf& value_of) const {
  auto text = text_to_sign(request, value_of);
  auto mac = key_.mac({text, request.body});
  wipe(text);  // it may hold a token
  if (!mac.ok()) return std::move(mac).error();
  return algorithm_ + " " + base64::encode(*mac);
}

}  // namespace gatelet::policy
