// GAP-Signature: an HMAC over what the application gets, by which it knows that the request came
// through here (oauth2-proxy's signature_key).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hmac.hpp"

namespace gatelet::policy {

class RequestSigner {
 public:
  // `algorithm:key` with md5, sha1, sha224, sha256, sha384 or sha512; the key is not empty and
  // holds no colon.
  //   Failure: Status::invalid_value; the text never shows the key.
  static Result<RequestSigner> make(const Secret& algorithm_and_key);

  struct Signed {
    std::string_view method;
    std::string_view target;  // path and query as sent
    std::string_view body;    // whole
  };
  // All values of a field as the application gets them, joined by ",".
  using ValueOf = std::function<std::string(std::string_view name)>;

  // The field's value, "sha256 <base64>". Signed are the method, eleven fields, the decoded path,
  // the query as sent, and the body.
  //   Failure: Status::internal.
  Result<std::string> sign(const Signed& request, const ValueOf& value_of) const;

 private:
  RequestSigner(std::string algorithm, crypto::HmacKey key)
      : algorithm_(std::move(algorithm)), key_(std::move(key)) {}
  std::string algorithm_;
  crypto::HmacKey key_;
};

}  // namespace gatelet::policy
