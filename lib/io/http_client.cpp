#include "io/http_client.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <gatelet/version.hpp>

#include "base/secret.hpp"
#include "http/header.hpp"
#include "io/connection_share.hpp"
#include "io/peer_rule.hpp"
#include "io/tls.hpp"

namespace gatelet::io {
namespace {

constexpr std::size_t max_header_size = 64 * 1024;

// Why one of our own callbacks ended a transfer.
enum class Fault : std::uint8_t {
  none,
  body_too_large,
  header_too_large,
  private_address,
  no_descriptor,
};

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};

struct FreeFields {
  void operator()(curl_slist* fields) const noexcept {
    for (auto* field = fields; field; field = field->next) {
      wipe(field->data, std::strlen(field->data));  // Authorization
    }
    curl_slist_free_all(fields);
  }
};

struct Transfer {
  Transfer(HttpClient::Id i, HttpCall c, PeerRule r)
      : id(i), call(std::move(c)), rule(std::move(r)), origin(rule.url().origin()) {}

  const HttpClient::Id id;
  const HttpCall call;
  const PeerRule rule;
  const std::string origin;
  std::unique_ptr<curl_slist, FreeFields> fields;
  std::unique_ptr<CURL, FreeEasy> easy;  // null while the call waits for a connection
  bool was_admitted = false;             // holds a connection of its origin
  std::string body;
  std::size_t header_size = 0;
  Fault fault = Fault::none;
};

// libcurl's callbacks. `user` is the Transfer.

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (size > transfer.call.max_reply_size - transfer.body.size()) {
    transfer.fault = Fault::body_too_large;
    return size + 1;  // ends the transfer
  }
  transfer.body.append(data, size);
  return size;
}

std::size_t on_header(char*, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_size += size;  // interim answers and trailers count
  if (transfer.header_size <= max_header_size) return size;
  transfer.fault = Fault::header_too_large;
  return size + 1;
}

curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* peer) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.rule.may_reach(peer->addr)) {
    transfer.fault = Fault::private_address;
    return CURL_SOCKET_BAD;
  }
  const int fd = ::socket(peer->family, peer->socktype, peer->protocol);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE) transfer.fault = Fault::no_descriptor;
    return CURL_SOCKET_BAD;
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  transfer.fault = Fault::none;  // another address of the same host was refused, this one is tried
  return fd;
}

// A connection is kept and used again for other calls, whose rule may be stricter.
int on_request(void* user, char* peer_ip, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto address = http::parse_ip(peer_ip);
  if (address && transfer.rule.may_reach(*address)) return CURL_PREREQFUNC_OK;
  transfer.fault = Fault::private_address;
  return CURL_PREREQFUNC_ABORT;
}

CURLcode on_tls(CURL*, void* ssl_ctx, void* user) {
  const auto& transfer = *static_cast<Transfer*>(user);
  const auto* trust = transfer.call.trust.get();
  if (trust && trust->insecure_skip_verify) return CURLE_OK;
  const auto* libcurl = curl_version_info(CURLVERSION_NOW);
  if (trust && trust->use_system_store && !trust->ca_pem.empty() && !libcurl->capath) {
    if (!add_system_store(ssl_ctx)) return CURLE_SSL_CACERT_BADFILE;
  }
  return demand_name(ssl_ctx, transfer.rule.host()) ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
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

void set_manners(Options& options, const Transfer& transfer, Duration idle_limit) {
  const bool may_http = transfer.call.trust && transfer.call.trust->allow_http;
  options.set(CURLOPT_URL, transfer.rule.url().text().c_str());
  options.set(CURLOPT_PROTOCOLS_STR, may_http ? "http,https" : "https");
  options.set(CURLOPT_PATH_AS_IS, 1L);
  options.set(CURLOPT_FOLLOWLOCATION, 0L);
  options.set(CURLOPT_PROXY, "");  // whatever the environment says
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

void set_callbacks(Options& options, Transfer& transfer) {
  options.set(CURLOPT_PRIVATE, &transfer);
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
  }
  if (!trust->ca_pem.empty()) {
    // The transfer keeps `trust` alive. Given a blob, libcurl leaves its own bundle out but keeps
    // the directory of the system's authorities.
    curl_blob blob{const_cast<char*>(trust->ca_pem.data()), trust->ca_pem.size(), CURL_BLOB_NOCOPY};
    options.set(CURLOPT_CAINFO_BLOB, &blob);
  }
}

// False: memory ran out.
bool set_request(Options& options, Transfer& transfer) {
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

bool is_sound(const HttpCall& call) {
  return http::is_token(call.method) &&
         std::all_of(call.fields.begin(), call.fields.end(), [](const HttpField& field) {
           return http::is_token(field.name) && http::is_safe_value(field.value);
         });
}

Error bad_answer(std::string text) { return {Status::provider_bad_answer, std::move(text)}; }
Error unreachable_because(std::string_view why) {
  return {Status::provider_unreachable, "the provider cannot be reached: " + std::string(why)};
}

// RFC 9112 section 8: a body that ends with the connection is whole only if TLS said goodbye, which
// libcurl does not tell.
bool knows_its_end(const Transfer& transfer, const HttpReply& reply) {
  long version = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_HTTP_VERSION, &version);
  if (transfer.rule.url().scheme == "http" || version > CURL_HTTP_VERSION_1_1) return true;
  return transfer.body.empty() || !reply.header("Content-Length").empty() ||
         !reply.header("Transfer-Encoding").empty();
}

Result<HttpReply> read_reply(Transfer& transfer) {
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

Error fault_error(const Transfer& transfer) {
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

// What became of a transfer that libcurl ended with `code`.
Error transfer_error(const Transfer& transfer, CURLcode code) {
  auto* easy = transfer.easy.get();
  if (transfer.fault != Fault::none) return fault_error(transfer);
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

struct HttpClient::Impl {
  Impl(HttpClientSettings s, CURLM* m) : settings(s), multi(m), share(s.max_connections) {}
  ~Impl() {
    for (auto& [id, transfer] : transfers) {
      if (transfer->easy) curl_multi_remove_handle(multi, transfer->easy.get());
    }
    transfers.clear();
    curl_multi_cleanup(multi);
    curl_global_cleanup();
  }

  void admit();  // sends the waiting calls that may have a connection
  Result<void> send(Transfer& transfer);
  void finish(Transfer& transfer, Result<HttpReply> reply);
  void remove(Id id);

  const HttpClientSettings settings;
  CURLM* const multi;
  std::map<Id, std::unique_ptr<Transfer>> transfers;
  ConnectionShare share;
  std::deque<Finished> finished;
};

void HttpClient::Impl::admit() {
  while (const auto id = share.next()) {
    auto& transfer = *transfers.at(*id);
    if (auto sent = send(transfer); !sent.ok()) finish(transfer, std::move(sent).error());
  }
}

Result<void> HttpClient::Impl::send(Transfer& transfer) {
  transfer.was_admitted = true;
  transfer.easy.reset(curl_easy_init());
  if (!transfer.easy) return Error{Status::out_of_memory, "memory ran out before a call"};
  Options options(transfer.easy.get());
  set_manners(options, transfer, settings.idle_limit);
  set_callbacks(options, transfer);
  set_trust(options, transfer.call.trust.get());
  if (!set_request(options, transfer)) {
    return Error{Status::out_of_memory, "memory ran out before a call"};
  }
  if (!options.all_taken()) return Error{Status::internal, "libcurl refused an option of a call"};
  if (curl_multi_add_handle(multi, transfer.easy.get()) != CURLM_OK) {
    return Error{Status::internal, "libcurl refused a call"};
  }
  return {};
}

void HttpClient::Impl::finish(Transfer& transfer, Result<HttpReply> reply) {
  const Id id = transfer.id;
  remove(id);
  finished.push_back({id, std::move(reply)});
}

void HttpClient::Impl::remove(Id id) {
  const auto place = transfers.find(id);
  if (place == transfers.end()) return;
  const auto& transfer = *place->second;
  if (!transfer.was_admitted) {
    share.withdraw(id, transfer.origin);
  } else {
    if (transfer.easy) curl_multi_remove_handle(multi, transfer.easy.get());
    share.release(transfer.origin);
  }
  transfers.erase(place);
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpClientSettings settings) {
  const auto* libcurl = curl_version_info(CURLVERSION_NOW);
  // Guarded and counted by libcurl itself where it is built thread-safe; without that two engines
  // could not start side by side.
  if (!(libcurl->features & CURL_VERSION_THREADSAFE)) {
    return Error{Status::internal, "libcurl is not built thread-safe"};
  }
  if (!(libcurl->features & CURL_VERSION_ASYNCHDNS)) {
    return Error{Status::internal, "libcurl is built without an asynchronous resolver"};
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{Status::internal, "libcurl cannot be initialised"};
  }
  auto* multi = curl_multi_init();
  if (!multi) {
    curl_global_cleanup();
    return Error{Status::internal, "libcurl has no memory or descriptors to begin with"};
  }
  curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, settings.max_connections);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, settings.max_connections);
  return std::unique_ptr<HttpClient>(new HttpClient(std::make_unique<Impl>(settings, multi)));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

void HttpClient::start(Id id, HttpCall call) {
  auto rule = PeerRule::of(call);
  if (!rule.ok()) return impl_->finished.push_back({id, std::move(rule).error()});
  if (!is_sound(call)) {
    return impl_->finished.push_back(
        {id, Error{Status::internal, "a call has a method or a field that cannot be sent"}});
  }
  auto transfer = std::make_unique<Transfer>(id, std::move(call), std::move(rule).value());
  impl_->share.enqueue(id, transfer->origin);
  impl_->transfers.emplace(id, std::move(transfer));
  impl_->admit();
}

void HttpClient::cancel(Id id) {
  auto& finished = impl_->finished;
  finished.erase(std::remove_if(finished.begin(), finished.end(),
                                [id](const Finished& one) { return one.id == id; }),
                 finished.end());
  impl_->remove(id);
  impl_->admit();
}

void HttpClient::wait(Duration at_most) {
  if (!impl_->finished.empty()) return;
  const auto limit = std::chrono::milliseconds(INT_MAX);
  const auto time = at_most > limit ? limit : std::chrono::ceil<std::chrono::milliseconds>(at_most);
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(time.count()), nullptr);
}

void HttpClient::wake() noexcept { curl_multi_wakeup(impl_->multi); }

void HttpClient::perform() {
  int num_running = 0;
  curl_multi_perform(impl_->multi, &num_running);
  int num_left = 0;
  while (const auto* message = curl_multi_info_read(impl_->multi, &num_left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    auto reply = code == CURLE_OK ? read_reply(*transfer)
                                  : Result<HttpReply>(transfer_error(*transfer, code));
    impl_->finish(*transfer, std::move(reply));
  }
  impl_->admit();
}

std::optional<HttpClient::Finished> HttpClient::take_finished() {
  if (impl_->finished.empty()) return std::nullopt;
  auto first = std::move(impl_->finished.front());
  impl_->finished.pop_front();
  return first;
}

}  // namespace gatelet::io
