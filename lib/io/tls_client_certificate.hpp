// A client certificate shows a TLS server who we are: the certificate, those that lead from it to
// an authority, and its private key. Read once, for all connections.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace gatelet::io {

class TlsClientCertificate {
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
    void operator()(x509_st* certificate) const noexcept;
  };
  using Key = std::unique_ptr<evp_pkey_st, Free>;

 public:
  // The certificate itself comes first.
  using Chain = std::vector<std::unique_ptr<x509_st, Free>>;

  //   Failure: Status::invalid_configuration; the text says what is wrong with the PEM.
  static Result<Chain> read_chain(std::string_view pem);

  // `key_pem` stays the caller's to wipe.
  //   Requires: a chain from read_chain().
  //   Failure: Status::invalid_configuration; the text says what is wrong with the key, and nothing
  //   of what it holds. Status::out_of_memory.
  static Result<std::shared_ptr<const TlsClientCertificate>> create(Chain chain,
                                                                    std::string_view key_pem);

  // The same certificates; the key goes with the first.
  friend bool operator==(const TlsClientCertificate& a, const TlsClientCertificate& b) noexcept;

  // Shows it on connections of `context`. Failure: false.
  bool use_on(ssl_ctx_st* context) const noexcept;

 private:
  TlsClientCertificate(Chain chain, Key key) noexcept;

  const Chain chain_;
  const Key key_;
};

}  // namespace gatelet::io
