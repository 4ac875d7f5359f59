#include "jose/key_set.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "jose/jwk.hpp"
#include "json/reader.hpp"

namespace gatelet::jose {
namespace {

constexpr std::size_t max_keys = 256;
constexpr json::Limits set_limits{.max_size = 512 * 1024, .max_depth = 16, .max_members = 1024};

struct Name {
  std::string_view text;
  Algorithm algorithm;
};
constexpr std::array<Name, 10> names = {{
    {"RS256", Algorithm::rs256},
    {"RS384", Algorithm::rs384},
    {"RS512", Algorithm::rs512},
    {"PS256", Algorithm::ps256},
    {"PS384", Algorithm::ps384},
    {"PS512", Algorithm::ps512},
    {"ES256", Algorithm::es256},
    {"ES384", Algorithm::es384},
    {"ES512", Algorithm::es512},
    {"EdDSA", Algorithm::eddsa},
}};

// Whether a kid looks like one that a provider may publish next. Others are refused without asking
// the provider again: nobody's keys are named like a URL or a path out of one, but an attacker's
// tokens are. (base64 with "//" and names with spaces are honest.)
bool is_worth_a_refetch(std::string_view kid) noexcept {
  return kid.find_first_of("?%\\<>\"") == std::string_view::npos &&
         kid.find("..") == std::string_view::npos && kid.find("://") == std::string_view::npos &&
         std::all_of(kid.begin(), kid.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) noexcept {
  for (const auto& known : names) {
    if (known.text == name) return known.algorithm;
  }
  return std::nullopt;
}

std::string_view algorithm_name(Algorithm algorithm) noexcept {
  for (const auto& known : names) {
    if (known.algorithm == algorithm) return known.text;
  }
  return "unknown";
}

Result<std::shared_ptr<const Key>> KeySet::select(std::optional<std::string_view> kid,
                                                  Algorithm algorithm) const {
  // Keys from files have no names: then a token's kid says nothing.
  const bool has_names = std::any_of(keys_.begin(), keys_.end(),
                                     [](const auto& key) { return key->kid().has_value(); });

  const std::shared_ptr<const Key>* chosen = nullptr;
  for (const auto& key : keys_) {
    if (kid && has_names && (!key->kid() || *key->kid() != *kid)) continue;
    if (!key->fits(algorithm)) continue;
    if (chosen != nullptr)
      return Error{Status::token_rejected, "several keys fit the token; which one is ambiguous"};
    chosen = &key;
  }
  if (chosen != nullptr) return *chosen;
  if (kid && !is_worth_a_refetch(*kid))
    return Error{Status::token_rejected, "no key has the token's kid, and none can"};
  return Error{Status::key_unknown, "no key of the provider fits the token's kid and " +
                                        std::string(algorithm_name(algorithm))};
}

Result<KeySet> parse_key_set(std::string_view json, std::vector<std::string>* skipped) {
  const auto document = json::parse_object(json, set_limits);
  if (!document) return Error{Status::provider_bad_answer, "key set: " + document.error().text};
  const auto* list = document->find_array("keys");
  if (list == nullptr) return Error{Status::provider_bad_answer, "key set: it has no list of keys"};
  if (list->size() > max_keys)
    return Error{Status::provider_bad_answer, "key set: it has more than 256 keys"};

  std::vector<std::shared_ptr<const Key>> keys;
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto key = parse_jwk((*list)[i]);
    if (key) {
      keys.push_back(std::move(*key));
    } else if (skipped != nullptr) {
      skipped->push_back("key " + std::to_string(i + 1) + ": " + key.error().text);
    }
  }
  return KeySet(std::move(keys));
}

Result<KeySet> key_set_from_pem(const std::vector<std::string>& pems) {
  std::vector<std::shared_ptr<const Key>> keys;
  for (const auto& pem : pems) {
    auto key = crypto::PublicKey::pem(pem);
    if (!key) {
      return Error{Status::invalid_value,
                   "public key file " + std::to_string(keys.size() + 1) + ": " + key.error().text};
    }
    keys.push_back(std::make_shared<Key>(std::nullopt, std::nullopt, std::move(*key)));
  }
  return KeySet(std::move(keys));
}

}  // namespace gatelet::jose
