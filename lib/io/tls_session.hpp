// TLS as a client speaks it, without a socket: bytes of the connection in, plain text out, and the
// other way round. TLS 1.2 or newer, no renegotiation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "io/tls_client_certificate.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace gatelet::io {

// What all connections to one server have in common: its name, and who may vouch for it.
class TlsServer {
 public:
  struct Terms {
    std::string host;                     // a name or an address literal, as it was configured
    std::vector<std::string> or_names{};  // its certificate may as well be for one of these
    std::string ca_pem{};                 // authorities beside the system's
    bool use_system_store = true;
    bool insecure_skip_verify = false;
    std::string_view ca_option{};  // which option names authorities, for texts
    std::shared_ptr<const TlsClientCertificate> client{};  // shown to a server that asks; or null
    std::string_view client_option{};                      // which option names it, for texts
  };

  //   Failure: Status::invalid_configuration when `ca_pem` is no list of certificates, or `host`
  //   is empty and verified: it would be verified against nothing. Status::out_of_memory.
  static Result<std::shared_ptr<const TlsServer>> create(Terms terms);

  // The same for another server: authorities and client certificate are shared, not read again.
  //   Failure: Status::invalid_configuration as above; Status::out_of_memory.
  Result<std::shared_ptr<const TlsServer>> for_host(std::string host,
                                                    std::vector<std::string> or_names) const;

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  using Context = std::unique_ptr<ssl_ctx_st, Free>;
  TlsServer(Terms terms, Context context) noexcept;
  static Result<Context> make_context(const Terms& terms);

  const Terms terms_;
  const Context context_;
};

class TlsSession {
 public:
  // Begins the handshake: there is something to send at once.
  explicit TlsSession(std::shared_ptr<const TlsServer> server);
  ~TlsSession();

  // Takes what arrived; what it says is appended to `plain`. Nothing is before is_agreed().
  //   Failure: Status::internal with why, in our words, to be put behind "it cannot be reached: ".
  //   The session is then over.
  Result<void> receive(std::string_view bytes, std::string& plain);

  // Requires is_agreed(). Failure: as receive().
  Result<void> send(std::string_view plain);

  std::string take_outgoing();  // what is to be sent

  bool is_agreed() const noexcept {
    return is_agreed_;
  }  // the handshake is done, the name is right
  bool has_ended() const noexcept { return has_ended_; }  // the other side said goodbye

 private:
  struct Free {
    void operator()(ssl_st* session) const noexcept;
  };
  Result<void> agree();
  Error problem() const;

  const std::shared_ptr<const TlsServer> server_;
  std::unique_ptr<ssl_st, Free> session_;
  bool is_agreed_ = false;
  bool has_ended_ = false;
};

}  // namespace gatelet::io
