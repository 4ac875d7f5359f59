#include "io/http_transfer.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include <gatelet/version.hpp>

#include "base/secret.hpp"
#include "http/header.hpp"
#include "io/system.hpp"
#include "io/tls.hpp"

namespace gatelet::io {
namespace {

using Fault = HttpTransfer::Fault;

constexpr std::size_t max_header_size = 64 * 1024;

// libcurl's callbacks. `user` is the HttpTransfer.

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  if (size > transfer.call.max_reply_size - transfer.body.size()) {
    transfer.fault = Fault::body_too_large;
    return size + 1;  // ends the transfer
  }
  transfer.body.append(data, size);
  return size;
}

std::size_t on_header(char*, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  transfer.header_size += size;  // interim answers and trailers count
  if (transfer.header_size <= max_header_size) return size;
  transfer.fault = Fault::header_too_large;
  return size + 1;
}

curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* peer) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  if (!transfer.rule.may_reach(peer->addr)) {
    transfer.fault = Fault::private_address;
    return CURL_SOCKET_BAD;
  }
  const int fd = open_socket(peer->family, peer->socktype, peer->protocol);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE) transfer.fault = Fault::no_descriptor;
    return CURL_SOCKET_BAD;
  }
  transfer.fault = Fault::none;  // another address of the same host was refused, this one is tried
  return fd;
}

// A connection is kept and used again for other calls, whose rule may be stricter.
int on_request(void* user, char* peer_ip, char*, int, int) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  const auto address = http::parse_ip(peer_ip);
  if (address && transfer.rule.may_reach(*address)) return CURL_PREREQFUNC_OK;
  transfer.fault = Fault::private_address;
  return CURL_PREREQFUNC_ABORT;
}

// A new connection through an https proxy has two handshakes, the proxy's first. Whoever's this is,
// the certificate must be for the right name: taken for the other one, it is refused.
CURLcode on_tls(CURL*, void* ssl_ctx, void* user) {
  auto& transfer = *static_cast<HttpTransfer*>(user);
  const auto* trust = transfer.call.trust.get();
  const auto* proxy = transfer.rule.proxy();
  const bool is_to_proxy = proxy && proxy->scheme == "https" && transfer.num_handshakes++ % 2 == 0;
  if (!is_to_proxy && trust && trust->insecure_skip_verify) return CURLE_OK;
  const auto* libcurl = curl_version_info(CURLVERSION_NOW);
  if (trust && trust->use_system_store && !trust->ca_pem.empty() && !libcurl->capath) {
    if (!add_system_store(ssl_ctx)) return CURLE_SSL_CACERT_BADFILE;
  }
  const auto& host = is_to_proxy ? proxy->host : transfer.rule.url().host;
  return demand_name(ssl_ctx, host) ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

// Sets options; remembers whether libcurl took every one.
class Options {
 public:
  explicit Options(CURL* easy) noexcept : easy_(easy) {}
  template <class V>
  void set(CURLoption option, V value) {
    if (curl_easy_setopt(easy_, option, value) != CURLE_OK) all_taken_ = false;
  }
  bool all_taken() const noexcept { return all_taken_; }

 private:
  CURL* const easy_;
  bool all_taken_ = true;
};

void set_manners(Options& options, const HttpTransfer& transfer, Duration idle_limit) {
  const bool may_http = transfer.call.trust && transfer.call.trust->allow_http;
  options.set(CURLOPT_URL, transfer.rule.url().text().c_str());
  options.set(CURLOPT_PROTOCOLS_STR, may_http ? "http,https" : "https");
  options.set(CURLOPT_PATH_AS_IS, 1L);
  options.set(CURLOPT_FOLLOWLOCATION, 0L);
  options.set(CURLOPT_NOSIGNAL, 1L);
  options.set(CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs must not hold up the loop
  options.set(CURLOPT_USERAGENT, "gatelet/" GATELET_VERSION_TEXT);
  const auto idle_seconds = std::chrono::ceil<std::chrono::seconds>(idle_limit).count();
  options.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  options.set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(idle_seconds));
  options.set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(transfer.call.max_reply_size));
  options.set(
      CURLOPT_HTTP_VERSION,
      static_cast<long>(transfer.call.is_grant ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  options.set(CURLOPT_FRESH_CONNECT, transfer.call.is_grant ? 1L : 0L);
}

// Given, libcurl does not look into the environment.
void set_way(Options& options, const http::ProxyServer* proxy) {
  options.set(CURLOPT_NOPROXY, "");
  options.set(CURLOPT_PROXY, proxy ? proxy->url().c_str() : "");
  if (!proxy) return;
  options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // they are not the provider's
  options.set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
  options.set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));
  options.set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (proxy->user.empty()) return;
  std::string user(proxy->user.reveal()), password(proxy->password.reveal());
  options.set(CURLOPT_PROXYUSERNAME, user.c_str());
  options.set(CURLOPT_PROXYPASSWORD, password.c_str());
  wipe(user);
  wipe(password);
}

void set_callbacks(Options& options, HttpTransfer& transfer) {
  options.set(CURLOPT_WRITEFUNCTION, on_body);
  options.set(CURLOPT_WRITEDATA, &transfer);
  options.set(CURLOPT_HEADERFUNCTION, on_header);
  options.set(CURLOPT_HEADERDATA, &transfer);
  options.set(CURLOPT_OPENSOCKETFUNCTION, on_open);
  options.set(CURLOPT_OPENSOCKETDATA, &transfer);
  options.set(CURLOPT_PREREQFUNCTION, on_request);
  options.set(CURLOPT_PREREQDATA, &transfer);
  options.set(CURLOPT_SSL_CTX_FUNCTION, on_tls);
  options.set(CURLOPT_SSL_CTX_DATA, &transfer);
}

void set_trust(Options& options, const HttpTrust* trust) {
  options.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // and above
  const bool verify = !(trust && trust->insecure_skip_verify);
  options.set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  options.set(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (!trust) return;
  if (!trust->use_system_store) {  // with no authority of its own either, nothing is trusted
    options.set(CURLOPT_CAINFO, nullptr);
    options.set(CURLOPT_CAPATH, nullptr);
    options.set(CURLOPT_PROXY_CAINFO, nullptr);
    options.set(CURLOPT_PROXY_CAPATH, nullptr);
  }
  if (!trust->ca_pem.empty()) {
    // The transfer keeps `trust` alive. Given a blob, libcurl leaves its own bundle out but keeps
    // the directory of the system's authorities.
    curl_blob blob{const_cast<char*>(trust->ca_pem.data()), trust->ca_pem.size(), CURL_BLOB_NOCOPY};
    options.set(CURLOPT_CAINFO_BLOB, &blob);
    options.set(CURLOPT_PROXY_CAINFO_BLOB, &blob);
  }
}

// False: memory ran out.
bool set_request(Options& options, HttpTransfer& transfer) {
  const auto& call = transfer.call;
  const auto add = [&](const std::string& line) {
    auto* longer = curl_slist_append(transfer.fields.get(), line.c_str());
    if (!longer) return false;
    (void)transfer.fields.release();
    transfer.fields.reset(longer);
    return true;
  };
  // libcurl would ask first whether a long body is welcome, and send all again when refused.
  if (!add("Expect:")) return false;
  for (const auto& field : call.fields) {
    auto line = field.name + (field.value.empty() ? ";" : ": " + field.value);
    const bool added = add(line);
    wipe(line);
    if (!added) return false;
  }
  options.set(CURLOPT_HTTPHEADER, transfer.fields.get());
  if (call.method != "GET") {
    options.set(CURLOPT_POST, 1L);
    options.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    options.set(CURLOPT_POSTFIELDS, call.body.c_str());
    if (call.method != "POST") options.set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }
  return true;
}

Error bad_answer(std::string text) { return {Status::provider_bad_answer, std::move(text)}; }
Error unreachable_because(std::string_view why) {
  return {Status::provider_unreachable, "the provider cannot be reached: " + std::string(why)};
}
Error proxy_unreachable_because(std::string_view why) {
  return {Status::provider_unreachable, "the proxy cannot be reached: " + std::string(why)};
}

// RFC 9112 section 8: a body that ends with the connection is whole only if TLS said goodbye, which
// libcurl does not tell.
bool knows_its_end(const HttpTransfer& transfer, const HttpReply& reply) {
  long version = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_HTTP_VERSION, &version);
  if (transfer.rule.url().scheme == "http" || version > CURL_HTTP_VERSION_1_1) return true;
  return transfer.body.empty() || !reply.header("Content-Length").empty() ||
         !reply.header("Transfer-Encoding").empty();
}

Result<HttpReply> read_reply(HttpTransfer& transfer) {
  HttpReply reply;
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  curl_header* field = nullptr;
  while ((field = curl_easy_nextheader(transfer.easy.get(), CURLH_HEADER, -1, field))) {
    reply.fields.push_back({field->name, field->value});
  }
  const auto encoding = reply.header("Content-Encoding");
  if (!encoding.empty() && !http::equal_ignoring_case(encoding, "identity")) {
    return bad_answer("the answer is compressed, which was not asked for");
  }
  if (!knows_its_end(transfer, reply)) return bad_answer("the answer does not say where it ends");
  reply.body = std::move(transfer.body);
  return reply;
}

Error fault_error(const HttpTransfer& transfer) {
  switch (transfer.fault) {
    case Fault::none: break;
    case Fault::body_too_large:
      return bad_answer("the answer is larger than " +
                        std::to_string(transfer.call.max_reply_size) + " bytes");
    case Fault::header_too_large: return bad_answer("the answer has more than 64 KiB of headers");
    case Fault::private_address:
      return unreachable_because(
          "its address is private, and the configuration does not name its host");
    case Fault::no_descriptor: return unreachable_because("this process has no descriptor left");
  }
  unreachable();
}

constexpr std::string_view wants_credentials =
    "the proxy wants a user and password, or others; write them into outbound_proxy";

std::string_view connect_problem(CURL* easy) {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  switch (error) {
    case ECONNREFUSED: return "nobody listens there";
    case ENETUNREACH:
    case EHOSTUNREACH: return "there is no way to its network";
    default: return "no connection could be made";
  }
}

// A SOCKS proxy answered, and said no.
Error socks_error(CURL* easy) {
  long why = 0;
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &why);
  switch (why) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED: return unreachable_because(wants_credentials);
    case CURLPX_REPLY_NOT_ALLOWED:
      return unreachable_because("the proxy's rules do not allow its host");
    case CURLPX_REPLY_HOST_UNREACHABLE:
    case CURLPX_REPLY_NETWORK_UNREACHABLE:
    case CURLPX_REPLY_CONNECTION_REFUSED:
    case CURLPX_REPLY_TTL_EXPIRED: return unreachable_because("the proxy found no way to its host");
    default: return unreachable_because("the proxy did not connect to it");
  }
}

// What went wrong on the way to the proxy, or was refused there; nullopt when nothing was.
std::optional<Error> proxy_error(const HttpTransfer& transfer, CURLcode code) {
  const auto* proxy = transfer.rule.proxy();
  if (!proxy) return std::nullopt;
  auto* easy = transfer.easy.get();
  long connect_status = 0, verify_result = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  curl_easy_getinfo(easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &verify_result);
  if (code == CURLE_PROXY) return socks_error(easy);
  if (code == CURLE_COULDNT_RESOLVE_PROXY) {
    return proxy_unreachable_because("its name has no address");
  }
  if (connect_status == 407) return unreachable_because(wants_credentials);
  if (connect_status >= 300) {
    return unreachable_because("the proxy did not connect to it (status " +
                               std::to_string(connect_status) + ")");
  }
  if (code == CURLE_COULDNT_CONNECT) return proxy_unreachable_because(connect_problem(easy));
  const bool ended_in_handshake =
      code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR;
  if (ended_in_handshake && proxy->scheme == "https" && connect_status == 0) {
    return proxy_unreachable_because(certificate_problem(verify_result));
  }
  return std::nullopt;
}

// What became of a transfer that libcurl ended with `code`.
Error transfer_error(const HttpTransfer& transfer, CURLcode code) {
  auto* easy = transfer.easy.get();
  if (transfer.fault != Fault::none) return fault_error(transfer);
  if (auto error = proxy_error(transfer, code)) return std::move(*error);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return unreachable_because("its name has no address");
    case CURLE_COULDNT_CONNECT: return unreachable_because(connect_problem(easy));
    case CURLE_PEER_FAILED_VERIFICATION: {
      long verify_result = 0;
      curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify_result);
      return unreachable_because(certificate_problem(verify_result));
    }
    case CURLE_SSL_CACERT_BADFILE:
      return unreachable_because("the configured certificates of authorities cannot be read");
    case CURLE_SSL_CONNECT_ERROR:
      return unreachable_because("no TLS 1.2 or newer, with a sound certificate, could be agreed");
    case CURLE_OPERATION_TIMEDOUT: return {Status::timed_out, "the provider stopped answering"};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR: return unreachable_because("it closed the connection");
    case CURLE_RECV_ERROR:
      if (transfer.header_size == 0) return unreachable_because("it closed the connection");
      return bad_answer("the answer was cut short");
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM: return bad_answer("the answer was cut short");
    case CURLE_FILESIZE_EXCEEDED:
      return bad_answer("the answer is larger than " +
                        std::to_string(transfer.call.max_reply_size) + " bytes");
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, which is anything
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING: return bad_answer("the answer is not HTTP");
    case CURLE_OUT_OF_MEMORY: return {Status::out_of_memory, "memory ran out during a call"};
    default:
      return unreachable_because("the transfer failed (libcurl's code " +
                                 std::to_string(static_cast<int>(code)) + ")");
  }
}

}  // namespace

void HttpTransfer::FreeFields::operator()(curl_slist* list) const noexcept {
  for (auto* field = list; field; field = field->next) {
    wipe(field->data, std::strlen(field->data));
  }
  curl_slist_free_all(list);
}

Result<void> HttpTransfer::prepare(Duration idle_limit) {
  easy.reset(curl_easy_init());
  if (!easy) return Error{Status::out_of_memory, "memory ran out before a call"};
  Options options(easy.get());
  set_manners(options, *this, idle_limit);
  set_way(options, rule.proxy());
  set_callbacks(options, *this);
  set_trust(options, call.trust.get());
  if (!set_request(options, *this)) {
    return Error{Status::out_of_memory, "memory ran out before a call"};
  }
  if (!options.all_taken()) return Error{Status::internal, "libcurl refused an option of a call"};
  return {};
}

Result<HttpReply> HttpTransfer::result(CURLcode code) {
  if (code != CURLE_OK) return transfer_error(*this, code);
  return read_reply(*this);
}

}  // namespace gatelet::io
