// Keys and signed tokens of a provider that exists only in tests, good ones and bad ones.
//
// A second opinion on jose/: it signs with OpenSSL directly, shares no code with what verifies, and
// writes whatever header, claims or signature it is told to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.hpp"

namespace gatelet::support {

// A private key and its kid. Copies share the key.
class MintKey {
 public:
  // rsa_1024 and secp256k1 exist to be refused.
  enum class Kind : std::uint8_t { rsa_1024, rsa_2048, p256, p384, p521, secp256k1, ed25519 };

  // A fresh key; an RSA key takes about 0.1 s, so prefer test_key() below.
  static MintKey generate(Kind kind, std::string kid = "k1");
  static MintKey from_private_pem(std::string_view pem, std::string kid = "k1");

  // The same key under another name.
  MintKey named(std::string kid) const;

  const std::string& kid() const noexcept { return kid_; }
  // The algorithm one would expect: RS256, ES256/384/512, ES256K, EdDSA.
  std::string_view default_algorithm() const noexcept;

  // The public key as a JWK: kty, its parameters, kid unless empty, alg when given, use "sig".
  // `extra` is inserted as written: `,"key_ops":["verify"]`.
  std::string jwk(std::string_view alg = {}, std::string_view extra = {}) const;
  // The parts of the public key, big-endian: n and e, or x and y (empty for Ed25519).
  std::string first_parameter() const;
  std::string second_parameter() const;
  std::string public_pem() const;
  std::string private_pem() const;

  // A signature in JOSE form. `alg` is one of RS/PS/ES 256-512, ES256K, EdDSA and needs to fit the
  // key only as far as OpenSSL insists (RS512 by an "RS256 key" works). Ends the test run when not.
  std::string sign(std::string_view alg, std::string_view data) const;

 private:
  struct Handle;
  MintKey(std::shared_ptr<Handle> key, Kind kind, std::string kid)
      : key_(std::move(key)), kind_(kind), kid_(std::move(kid)) {}

  std::shared_ptr<Handle> key_;
  Kind kind_;
  std::string kid_;
};

// One key of each kind for the whole test process, made when first asked for; kid "k1".
const MintKey& test_key(MintKey::Kind kind);

// {"keys":[...]} of JWK texts.
std::string key_set_json(const std::vector<std::string>& jwks);
// The usual set: one key, with its alg.
std::string key_set_json(const MintKey& key);

// A JSON object whose members are set as JSON text, in order: claims or a header.
class JsonText {
 public:
  JsonText& set(std::string name, std::string json);  // replaces, or appends
  JsonText& set_string(std::string name, std::string_view text);
  JsonText& set_number(std::string name, std::int64_t number);
  JsonText& remove(std::string_view name);
  std::string str() const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

// ID token claims of the fixture of test-standard.md: iss https://idp.example, sub "alice", aud
// "c", iat now, exp now + 1 h, email alice@example.com, email_verified true; nonce only when given.
JsonText id_claims(Instant now, std::string_view nonce = {});

// The at_hash (or c_hash) value of `text` for a token signed with `alg`.
std::string half_hash(std::string_view alg, std::string_view text);

// base64url(header) . base64url(payload) . signature over both.
std::string mint(const MintKey& key, std::string_view claims_json);
std::string mint(const MintKey& key, const JsonText& claims);
std::string mint_with(const MintKey& key, std::string_view alg, std::string_view header_json,
                      std::string_view payload);
// The header mint() writes: alg, kid unless empty, typ "JWT".
JsonText mint_header(const MintKey& key, std::string_view alg = {});

// HS256/384/512 with any bytes as key: what an attacker makes of a public key.
std::string mint_hmac(std::string_view alg, std::string_view key_bytes,
                      std::string_view header_json, std::string_view payload);

// A fixed, well-known moment for tests: 2026-01-01T00:00:00Z.
constexpr Instant mint_epoch() noexcept { return at_unix(1767225600); }

}  // namespace gatelet::support
