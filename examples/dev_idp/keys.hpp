// The provider's signing keys: one signs, all published ones stand in the JWK set.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace dev_idp {

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

class SigningKey {
 public:
  SigningKey(std::string key_id, std::string algorithm);  // makes a new key pair

  const std::string& key_id() const noexcept { return key_id_; }
  const std::string& algorithm() const noexcept { return algorithm_; }

  std::string sign(std::string_view input) const;  // in the form of RFC 7518, section 3
  nlohmann::json public_jwk() const;
  std::string public_pem() const;

 private:
  std::string key_id_;
  std::string algorithm_;
  std::unique_ptr<EVP_PKEY, FreeKey> key_;
};

// Safe to use from every thread.
class KeyRing {
 public:
  explicit KeyRing(std::string algorithm);

  std::shared_ptr<const SigningKey> current() const;
  std::shared_ptr<const SigningKey> unpublished();  // of no JWK set: for the mode "unknown-kid"
  nlohmann::json published() const;                 // a JWK set

  // A new key signs from now on. The old ones stay published, or vanish at once.
  void rotate(bool keeps_old);

 private:
  std::shared_ptr<const SigningKey> make();

  const std::string algorithm_;
  mutable std::mutex mutex_;
  int num_made_ = 0;
  std::vector<std::shared_ptr<const SigningKey>> keys_;  // the last one signs
  std::shared_ptr<const SigningKey> unpublished_;
};

}  // namespace dev_idp
