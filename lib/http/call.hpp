// HttpCall is a request the library wants sent; HttpReply is what came back. Values only:
// io/http_client carries them out.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "http/form.hpp"
#include "http/outbound_proxy.hpp"

namespace gatelet {

struct HttpField {
  std::string name, value;
};

// Which way a provider is reached, and whom to trust on the other end. Shared by all calls to one
// provider.
struct HttpTrust {
  std::string ca_pem;            // certificates of private authorities, PEM; empty: none
  bool use_system_store = true;  // the system's authorities count (besides ca_pem)
  bool insecure_skip_verify = false;
  bool allow_http = false;     // plain http is accepted
  bool allow_private = false;  // addresses in private space are accepted whatever host named them
  std::vector<std::string>
      configured_hosts;  // hosts the operator wrote down: private addresses are accepted for them
  http::OutboundProxy proxy;  // its certificate, if any, is judged by the authorities above
  friend bool operator==(const HttpTrust&, const HttpTrust&) noexcept = default;
};

// Not an aggregate: g++ 12 destroys braced aggregates inside co_await expressions twice.
class HttpCall {
 public:
  HttpCall() = default;
  HttpCall(const HttpCall&) = default;
  HttpCall(HttpCall&&) noexcept = default;
  HttpCall& operator=(const HttpCall&) = default;
  HttpCall& operator=(HttpCall&&) noexcept = default;
  ~HttpCall();  // wipes body and fields: they may hold a secret, a code or a token

  static HttpCall get(std::string url);
  static HttpCall post(std::string url, http::Form form);  // application/x-www-form-urlencoded

  // The first field of this name (ASCII case-insensitive); empty when absent.
  std::string_view header(std::string_view name) const noexcept;
  void add_header(std::string_view name, std::string_view value);

  std::string method;
  std::string url;
  std::vector<HttpField> fields;
  std::string body;
  std::size_t max_reply_size = 1024 * 1024;  // a longer body is Status::provider_bad_answer
  std::shared_ptr<const HttpTrust> trust;    // null: the system's store, https only
  bool is_grant =
      false;  // carries a code or a refresh token: sent at most once, and carried to its end
};

struct HttpReply {
  int status = 0;
  std::vector<HttpField> fields;
  std::string body;

  std::string_view header(std::string_view name) const noexcept;
};

}  // namespace gatelet
