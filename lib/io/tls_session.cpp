#include "io/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <new>
#include <utility>

#include "http/ip.hpp"
#include "io/tls.hpp"

namespace gatelet::io {
namespace {

Error out_of_memory() { return {Status::out_of_memory, "memory ran out before TLS began"}; }

struct FreePem {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

// Whether they are certificates, all of them.
bool add_authorities(SSL_CTX* context, const std::string& pem) {
  const std::unique_ptr<BIO, FreePem> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int num_added = 0;
  while (text) {
    const std::unique_ptr<X509, FreePem> one(
        PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get()) != 1) return false;
    ++num_added;
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return num_added > 0 && is_at_end;
}

bool set_manners(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

// What an alert of the server's says about our certificate, or that there is none; empty: nothing.
// RFC 8446 section 6.2 numbers alerts; OpenSSL's reasons are those numbers behind 1000.
std::string client_problem(SSL* session, int reason, std::string_view option) {
  const std::string named(option);
  const std::uint8_t* kinds = nullptr;
  const bool has_none = SSL_get_certificate(session) == nullptr;
  switch (reason) {
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:  // before TLS 1.3 it says no more
      if (!has_none || SSL_get0_certificate_types(session, &kinds) == 0) return {};
      [[fallthrough]];
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "it asks for a client certificate; name one in " + named;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:  // its signature is not the authority's
      return has_none ? std::string() : "it refuses the certificate in " + named;
    default: return {};
  }
}

bool add_names(SSL_CTX* context, const std::vector<std::string>& names) {
  auto* param = SSL_CTX_get0_param(context);
  return std::all_of(names.begin(), names.end(), [param](const std::string& name) {
    return X509_VERIFY_PARAM_add1_host(param, name.data(), name.size()) == 1;
  });
}

}  // namespace

void TlsServer::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

TlsServer::TlsServer(Terms terms, Context context) noexcept
    : terms_(std::move(terms)), context_(std::move(context)) {}

// All but the authorities.
Result<TlsServer::Context> TlsServer::make_context(const Terms& terms) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context || !set_manners(context.get())) return out_of_memory();
  if (terms.client && !terms.client->use_on(context.get())) return out_of_memory();
  if (terms.insecure_skip_verify) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!demand_name(context.get(), terms.host) || !add_names(context.get(), terms.or_names)) {
    return Error{Status::invalid_configuration, "names no host a certificate could be for"};
  }
  return context;
}

Result<std::shared_ptr<const TlsServer>> TlsServer::create(Terms terms) {
  auto made = make_context(terms);
  if (!made.ok()) return std::move(made).error();
  auto context = std::move(made).value();
  if (!terms.insecure_skip_verify) {
    if (terms.use_system_store && !add_system_store(context.get())) return out_of_memory();
    if (!terms.ca_pem.empty() && !add_authorities(context.get(), terms.ca_pem)) {
      return Error{
          Status::invalid_configuration,
          std::string(terms.ca_option) + ": holds no certificates in PEM, or a broken one"};
    }
  }
  terms.ca_pem.clear();  // they are in the context
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(terms), std::move(context)));
}

Result<std::shared_ptr<const TlsServer>> TlsServer::for_host(
    std::string host, std::vector<std::string> or_names) const {
  auto terms = terms_;
  terms.host = std::move(host);
  terms.or_names = std::move(or_names);
  auto made = make_context(terms);
  if (!made.ok()) return std::move(made).error();
  SSL_CTX_set1_cert_store(made->get(), SSL_CTX_get_cert_store(context_.get()));
  return std::shared_ptr<const TlsServer>(new TlsServer(std::move(terms), std::move(*made)));
}

void TlsSession::Free::operator()(ssl_st* session) const noexcept { SSL_free(session); }

TlsSession::TlsSession(std::shared_ptr<const TlsServer> server)
    : server_(std::move(server)), session_(SSL_new(server_->context_.get())) {
  auto* in = BIO_new(BIO_s_mem());
  auto* out = BIO_new(BIO_s_mem());
  if (!session_ || !in || !out) {
    BIO_free(in);
    BIO_free(out);
    throw std::bad_alloc();
  }
  BIO_set_mem_eof_return(in, -1);  // empty is not yet the end
  SSL_set_bio(session_.get(), in, out);
  const auto& host = server_->terms_.host;
  // RFC 6066 section 3: an address is no server name.
  if (!host.empty() && !http::parse_ip(host)) {
    SSL_set_tlsext_host_name(session_.get(), host.c_str());
  }
  SSL_set_connect_state(session_.get());
  SSL_do_handshake(session_.get());
  ERR_clear_error();
}

TlsSession::~TlsSession() = default;

Result<void> TlsSession::agree() {
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  is_agreed_ = done == 1;
  if (is_agreed_ || SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ) return {};
  return problem();
}

Result<void> TlsSession::receive(std::string_view bytes, std::string& plain) {
  const auto size = static_cast<int>(bytes.size());
  if (BIO_write(SSL_get_rbio(session_.get()), bytes.data(), size) != size) {
    return Error{Status::internal, "memory ran out in TLS"};
  }
  if (!is_agreed()) {
    if (auto agreed = agree(); !agreed.ok() || !is_agreed()) return agreed;
  }
  char chunk[16 * 1024];
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(session_.get(), chunk, sizeof chunk);
    if (got <= 0) {
      const int why = SSL_get_error(session_.get(), got);
      has_ended_ = why == SSL_ERROR_ZERO_RETURN;
      return has_ended_ || why == SSL_ERROR_WANT_READ ? Result<void>() : problem();
    }
    plain.append(chunk, static_cast<std::size_t>(got));
  }
}

Result<void> TlsSession::send(std::string_view plain) {
  constexpr std::size_t max_piece = 16 * 1024;
  for (; !plain.empty(); plain.remove_prefix(std::min(plain.size(), max_piece))) {
    const auto piece = plain.substr(0, max_piece);
    ERR_clear_error();
    const int sent = SSL_write(session_.get(), piece.data(), static_cast<int>(piece.size()));
    if (sent != static_cast<int>(piece.size())) return problem();  // memory takes all or nothing
  }
  return {};
}

std::string TlsSession::take_outgoing() {
  auto* out = SSL_get_wbio(session_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  const int taken = BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max(taken, 0)));
  return bytes;
}

Error TlsSession::problem() const {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  ERR_clear_error();
  const long verified = SSL_get_verify_result(session_.get());
  if (!server_->terms_.insecure_skip_verify && verified != X509_V_OK) {
    return {Status::internal, certificate_problem(verified, server_->terms_.ca_option)};
  }
  auto said = client_problem(session_.get(), reason, server_->terms_.client_option);
  if (!said.empty()) return {Status::internal, std::move(said)};
  if (!is_agreed()) {
    return {Status::internal, "no TLS 1.2 or newer, with a sound certificate, could be agreed"};
  }
  return {Status::internal, "it broke off TLS"};
}

}  // namespace gatelet::io
