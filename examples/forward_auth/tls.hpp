// TLS for a listening server: certificate, oldest version, cipher suites.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace forward_auth {

struct TlsSettings {
  std::string cert_file, key_file;
  std::string min_version;                 // "TLS1.2", "TLS1.3" or empty: TLS1.2
  std::vector<std::string> cipher_suites;  // names of the TLS registry; empty: ECDHE with AEAD
  std::string keys = "tls_";               // how the options begin, for what problems say
};

// Sets the context up. What is wrong, with the option's name and what to write; empty when nothing
// is. Never a key's content.
std::string set_up(SSL_CTX& context, const TlsSettings& settings);

// The same, on a context that is thrown away.
std::string tls_problem(const TlsSettings& settings);

}  // namespace forward_auth
