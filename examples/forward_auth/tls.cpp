#include "tls.hpp"

#include <openssl/err.h>

#include <map>
#include <memory>

namespace forward_auth {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

Context new_context() { return {SSL_CTX_new(TLS_server_method()), SSL_CTX_free}; }

// Forward secrecy and authenticated encryption; every browser since 2014 has one of them.
constexpr const char* good_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct Known {
  std::string name;  // OpenSSL's own
  bool is_tls13 = false;
};

// Cipher suites that a server with a certificate can offer, by their names in the registry.
std::map<std::string, Known> known_suites() {
  std::map<std::string, Known> out;
  const auto context = new_context();
  SSL_CTX_set_cipher_list(context.get(), "DEFAULT:!aNULL:!eNULL:!PSK:!SRP");
  const auto* all = SSL_CTX_get_ciphers(context.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
    const auto* cipher = sk_SSL_CIPHER_value(all, i);
    const auto* name = SSL_CIPHER_standard_name(cipher);
    const bool is_tls13 = std::string(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
    if (name != nullptr) out[name] = {SSL_CIPHER_get_name(cipher), is_tls13};
  }
  return out;
}

std::string unknown_suite(const std::string& name, const std::map<std::string, Known>& known) {
  auto text = "\"" + name + "\" is not among the cipher suites of this OpenSSL: ";
  for (const auto& [one, _] : known) text += one + (one == known.rbegin()->first ? "" : ", ");
  return text;
}

std::string add(std::string list, const std::string& name) {
  return list.empty() ? name : std::move(list) + ":" + name;
}

std::string set_suites(SSL_CTX& context, const TlsSettings& settings) {
  if (settings.cipher_suites.empty()) {
    SSL_CTX_set_cipher_list(&context, good_ciphers);
    return {};
  }
  const auto known = known_suites();
  std::string old_ones, new_ones;
  for (const auto& name : settings.cipher_suites) {
    const auto found = known.find(name);
    if (found == known.end()) return "tls_cipher_suites: " + unknown_suite(name, known);
    auto& list = found->second.is_tls13 ? new_ones : old_ones;
    list = add(std::move(list), found->second.name);
  }
  // Suites of one version only: the other version keeps none (TLS 1.2) or its own (TLS 1.3, as in
  // oauth2-proxy, where they cannot be chosen).
  if (old_ones.empty()) SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION);
  if (!old_ones.empty()) SSL_CTX_set_cipher_list(&context, old_ones.c_str());
  if (!new_ones.empty()) SSL_CTX_set_ciphersuites(&context, new_ones.c_str());
  return {};
}

std::string set_certificate(SSL_CTX& context, const TlsSettings& settings) {
  const auto cert = settings.keys + "cert_file", key = settings.keys + "key_file";
  if (settings.cert_file.empty()) return cert + ": missing, and " + key + " is set";
  if (settings.key_file.empty()) return key + ": missing, and " + cert + " is set";
  if (SSL_CTX_use_certificate_chain_file(&context, settings.cert_file.c_str()) != 1) {
    return cert + ": " + settings.cert_file + " cannot be read as a PEM certificate";
  }
  if (SSL_CTX_use_PrivateKey_file(&context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    // A readable key of another certificate fails here as well.
    const bool is_other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    return key + ": " + settings.key_file +
           (is_other ? " is not the key of " + cert
                     : " cannot be read as a PEM key without a pass phrase");
  }
  return SSL_CTX_check_private_key(&context) == 1
             ? ""
             : key + ": " + settings.key_file + " is not the key of " + cert;
}

}  // namespace

std::string set_up(SSL_CTX& context, const TlsSettings& settings) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(&context,
                                settings.min_version == "TLS1.3" ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(
      &context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_dh_auto(&context, 1);  // for the DHE suites, where they were chosen
  // A key with a pass phrase is an error, not a question on the terminal.
  SSL_CTX_set_default_passwd_cb(&context, [](char*, int, int, void*) { return 0; });
  auto problem = set_certificate(context, settings);
  if (problem.empty()) problem = set_suites(context, settings);
  ERR_clear_error();
  return problem;
}

std::string tls_problem(const TlsSettings& settings) {
  const auto context = new_context();
  return set_up(*context, settings);
}

}  // namespace forward_auth
