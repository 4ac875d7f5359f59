#include "crypto/password.hpp"

#ifdef GATELET_HAVE_CRYPT
#include <crypt.h>
#endif
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>

#include "base/base64.hpp"
#include "base/constant_time.hpp"
#include "base/secret.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t bcrypt_size = 60;      // $2b$, two digits, $, 22 of salt, 31 of digest
constexpr std::size_t bcrypt_password = 72;  // further bytes do not count
constexpr int min_cost = 4;                  // the least there is
constexpr int max_cost = 16;                 // some seconds for each guess

Error refusal(std::string_view said) { return {Status::invalid_value, std::string(said)}; }

bool is_bcrypt_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('.' <= c && c <= '9');
  });
}

bool is_bcrypt(std::string_view text) noexcept {
  return text.size() > 4 && text.starts_with("$2") && text[3] == '$' &&
         std::string_view("abxy").find(text[2]) != std::string_view::npos;
}

int cost_of(std::string_view text) noexcept {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  if (!is_digit(text[4]) || !is_digit(text[5]) || text[6] != '$') return -1;
  return (text[4] - '0') * 10 + (text[5] - '0');
}

// Empty when all is well.
std::string_view bcrypt_fault(std::string_view text) noexcept {
  if (text.size() != bcrypt_size || !is_bcrypt_text(text.substr(7))) {
    return "is no whole bcrypt hash; those have 60 letters";
  }
  const int cost = cost_of(text);
  if (cost < min_cost || cost > max_cost) {
    return "has a bcrypt cost that is not taken here; write 4 to 16, 10 is usual";
  }
  return {};
}

bool sha1(std::string_view data, std::array<char, sha1_size>& out) noexcept {
  const ErrorScope errors;
  return EVP_Digest(data.data(), data.size(), octets(out.data()), nullptr, EVP_sha1(), nullptr) ==
         1;
}

#ifdef GATELET_HAVE_CRYPT
// Wiped, as it holds the password and what is computed from it.
struct Scratch {
  ~Scratch() { wipe(&data, sizeof data); }
  crypt_data data{};
  std::array<char, bcrypt_password + 1> password{};
};

std::string_view digest_of(std::string_view text) noexcept {
  return text.size() == bcrypt_size ? text.substr(29) : std::string_view();
}

bool bcrypt_match(const std::string& setting, std::string_view password) noexcept {
  const std::unique_ptr<Scratch> scratch(new (std::nothrow) Scratch);
  if (!scratch) return false;
  password = password.substr(0, bcrypt_password);
  std::copy(password.begin(), password.end(), scratch->password.begin());
  // Not crypt_r: sanitizers stand in for that one, and libcrypt is then not even loaded.
  const char* computed = crypt_rn(scratch->password.data(), setting.c_str(), &scratch->data,
                                  static_cast<int>(sizeof scratch->data));
  wipe(scratch->password.data(), scratch->password.size());
  if (computed == nullptr) return false;
  // The salt is ours; its last letter may have been written in more ways than one.
  return equal_constant_time(digest_of(computed), digest_of(setting));
}
#else
bool bcrypt_match(const std::string&, std::string_view) noexcept { return false; }
#endif

}  // namespace

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
  constexpr std::string_view sha_prefix = "{SHA}";
  if (text.starts_with(sha_prefix)) {
    auto digest = base64::decode(text.substr(sha_prefix.size()));
    if (!digest || digest->size() != sha1_size) {
      return refusal("is no {SHA} hash; behind {SHA} stand 28 letters of base64");
    }
    return PasswordHash(std::move(*digest), false);
  }
  if (!is_bcrypt(text)) {
    return refusal("is of a kind that is not taken here; write bcrypt (htpasswd -B)");
  }
#ifdef GATELET_HAVE_CRYPT
  if (const auto fault = bcrypt_fault(text); !fault.empty()) return refusal(fault);
  return PasswordHash("$2b$" + std::string(text.substr(4)), true);
#else
  return refusal("is bcrypt, and this build has no libcrypt (meson option crypt)");
#endif
}

std::optional<bool> PasswordHash::quick_match(std::string_view password) const noexcept {
  if (is_bcrypt_) return std::nullopt;
  std::array<char, sha1_size> digest{};
  if (!sha1(password, digest)) return false;
  return equal_constant_time({digest.data(), digest.size()}, text_);
}

bool PasswordHash::slow_match(std::string_view password) const noexcept {
  if (const auto quick = quick_match(password)) return *quick;
  return password.find('\0') == std::string_view::npos && bcrypt_match(text_, password);
}

}  // namespace gatelet::crypto
