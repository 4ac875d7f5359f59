// The public key in a PEM text (RFC 7468), taken apart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/pkey.hpp"

namespace gatelet::crypto {

// What PublicKey::rsa, ec and ed25519 are made from: modulus and exponent, x and y, or x.
struct KeyParts {
  PublicKey::Kind kind;
  std::string first;
  std::string second;
};

// Reads the first block of `text`: "PUBLIC KEY" (SubjectPublicKeyInfo) or "CERTIFICATE", of an RSA,
// P-256, P-384, P-521 or Ed25519 key. Nothing about a certificate but its key is looked at.
//   Failure: Status::malformed; the text says what was found instead, and for a private key that it
//   does not belong here.
Result<KeyParts> read_pem(std::string_view text);

}  // namespace gatelet::crypto
