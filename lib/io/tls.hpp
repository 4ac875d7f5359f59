// What the HTTP client asks of TLS beyond libcurl's own checks, and words for what went wrong.
#pragma once

#include <string>
#include <string_view>

namespace gatelet::io {

// Demands, in the handshake itself, a certificate whose subject alternative names hold `host` (as
// in a URL: a name or an address literal): a common name never counts (RFC 9525 section 2), though
// libcurl falls back to it. `ssl_ctx` is the SSL_CTX of one connection.
//   Failure: false, also for an empty host; the connection must not be made.
bool demand_name(void* ssl_ctx, std::string_view host) noexcept;

// Adds the system's authorities to those `ssl_ctx` knows.
bool add_system_store(void* ssl_ctx) noexcept;

// Why a certificate was refused, in our words, from OpenSSL's verification result. `ca_option` is
// the option that names authorities.
std::string certificate_problem(long verify_result,
                                std::string_view ca_option = "provider_ca_files");

}  // namespace gatelet::io
