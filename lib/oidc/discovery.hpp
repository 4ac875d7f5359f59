// Provider metadata (OpenID Connect Discovery 1.0) and the provider's keys: two pairs, and the step
// that makes a configured provider one that can be used.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/call.hpp"
#include "jose/key_set.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

constexpr std::size_t max_metadata_size = 512 * 1024;  // of a metadata document, and of a key set

// What a metadata document says, as far as we use it. Texts as they stand there; apply_metadata
// judges them. An optional list is absent when the document has no such member.
struct Metadata {
  std::string issuer;
  Endpoints endpoints;
  std::optional<std::vector<std::string>> auth_methods;  // of the token endpoint
  std::optional<std::vector<std::string>> algorithms;    // of ID tokens
  bool announces_issuer_in_response = false;             // RFC 9207
};

// GET <issuer minus one trailing slash>/.well-known/openid-configuration.
//   Failure: none.
HttpCall discovery_request(const Provider& provider);

// Reads the document: 200, a strict JSON object, every member of ours of its type.
//   Failure: as refusal() (oidc/error_reply.hpp) for another status; Status::provider_bad_answer
//   for a document that cannot be read; the text names the member.
Result<Metadata> read_discovery_reply(const HttpReply& reply);

// `provider` with what its metadata adds:
//   - the issuer must be the configured one byte for byte, unless insecure_any_issuer;
//   - endpoints that are announced replace configured ones (validate_url has none). Each must be an
//     acceptable URL, https unless the provider's trust allows http. authorization, token and jwks
//     must be there, announced or configured;
//   - algorithms: announced and enabled ones, RS256 when nothing is known;
//   - the client authentication is settled.
//   Failure: Status::provider_bad_answer; nothing of a refused document is used.
Result<Provider> apply_metadata(const Provider& provider, const Metadata& metadata);

// The same without a document (skip_oidc_discovery): configured endpoints, enabled algorithms or
// RS256, the client authentication of an unknown provider. The key set may come from files.
//   Failure: Status::invalid_configuration when an endpoint that is needed is missing or not
//   acceptable.
Result<Provider> provider_without_discovery(const Provider& provider);

// GET endpoints.jwks. Requires: it is set.
HttpCall jwks_request(const Provider& provider);

// The keys of a 200 answer.
//   Failure: as refusal() for another status; Status::provider_bad_answer when it is no JWK Set or
//   none of its keys can be used: the caller keeps the keys it had.
Result<jose::KeySet> read_jwks_reply(const HttpReply& reply);

}  // namespace gatelet::oidc
