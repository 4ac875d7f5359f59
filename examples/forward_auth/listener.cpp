#include "listener.hpp"

#include <chrono>
#include <utility>

#include "connection.hpp"

namespace forward_auth {
namespace {

constexpr std::size_t num_threads = 128;  // each connection holds one while it is open
constexpr std::size_t max_body_size = 64 * 1024;
constexpr int max_requests = 1000;               // on one connection
constexpr std::chrono::milliseconds idle(1000);  // between two; the end waits for that long

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// cpp-httplib's server reads from connections of ours: they speak TLS, and refuse what could be
// read in two ways. The hooks are members that heirs may use; it would shut a socket down at the
// end that is not ours alone where it was handed over (fd:3).
template <class Base>
class ServerOf : public Base {
 public:
  explicit ServerOf(Context tls) : ServerOf(std::move(tls), decodes_values()) {}

  void put_socket(int fd) { this->svr_sock_ = fd; }

  bool process_and_close_socket(socket_t fd) override {
    Connection connection(fd, tls_.get());
    if (!connection.shake_hands()) return false;
    for (int i = 1; i <= max_requests && this->svr_sock_ != INVALID_SOCKET; ++i) {
      if (!connection.wait_for_request(i == 1 ? 5 * idle : idle)) break;
      if (!answer_next(connection, i == max_requests)) break;
    }
    return true;
  }

 private:
  ServerOf(Context tls, bool escape_percent)
      : tls_(std::move(tls)), escape_percent_(escape_percent) {}

  // False: nothing more is to come on this connection.
  bool answer_next(Connection& connection, bool is_last) {
    bool has_body = false, is_closed = false;
    switch (connection.read_head(escape_percent_, has_body)) {
      case Connection::Head::gone: return false;
      case Connection::Head::bad: connection.refuse(); return false;
      case Connection::Head::good: break;
    }
    // Nobody relies on a body having been read to its end.
    const bool ends = is_last || has_body;
    return process(connection, ends, is_closed) && !ends && !is_closed;
  }

  // One request, with what this version of cpp-httplib wants to be told beside it.
  bool process(httplib::Stream& stream, bool ends, bool& is_closed) {
    if constexpr (requires(ServerOf & s) { s.process_request(stream, ends, is_closed, nullptr); }) {
      return this->process_request(stream, ends, is_closed, nullptr);
    } else {
      std::string remote, local;
      int remote_port = 0, local_port = 0;
      stream.get_remote_ip_and_port(remote, remote_port);
      stream.get_local_ip_and_port(local, local_port);
      return this->process_request(stream, remote, remote_port, local, local_port, ends, is_closed,
                                   nullptr);
    }
  }

  // Whether this version of cpp-httplib makes A of %41 in header values: it is asked.
  static bool decodes_values() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return true;
    const std::string question = "GET / HTTP/1.0\r\nX: %41\r\n\r\n";
    const auto put = send(ends[1], question.data(), question.size(), MSG_NOSIGNAL);
    ::shutdown(ends[1], SHUT_WR);
    bool does = put < 0;
    ServerOf probe(Context(nullptr, SSL_CTX_free), false);
    probe.set_pre_routing_handler([&](const httplib::Request& request, httplib::Response&) {
      does = request.get_header_value("X") == "A";
      return httplib::Server::HandlerResponse::Handled;
    });
    {
      Connection connection(ends[0], nullptr);
      probe.answer_next(connection, true);
    }
    close(ends[1]);
    return does;
  }

  const Context tls_;
  const bool escape_percent_;
};

Context context_of(const std::optional<TlsSettings>& settings, std::string& problem) {
  Context context(settings ? SSL_CTX_new(TLS_server_method()) : nullptr, SSL_CTX_free);
  if (!settings) return context;
  if (const auto said = context ? set_up(*context, *settings) : "TLS cannot be set up";
      !said.empty())
    problem = said;
  return context;
}

}  // namespace

class Listener::Server : public ServerOf<httplib::Server> {
 public:
  using ServerOf::ServerOf;
};

Listener::Listener(const std::string& address, const std::optional<TlsSettings>& tls,
                   std::string& problem)
    : socket_(address, problem),
      is_tls_(tls.has_value()),
      server_(std::make_unique<Server>(context_of(tls, problem))) {
  server_->set_payload_max_length(max_body_size);
  server_->new_task_queue = [] { return new httplib::ThreadPool(num_threads); };
  server_->set_idle_interval(0, 100'000);  // how soon the end is seen, in microseconds
  server_->put_socket(socket_.fd());
}

Listener::~Listener() {
  end();
  join();
}

httplib::Server& Listener::server() { return *server_; }

std::string Listener::where() const {
  return (is_unix() ? "unix" : scheme()) + ("://" + socket_.where());
}

void Listener::begin(std::function<void()> on_failure) {
  thread_ = std::thread([this, on_failure = std::move(on_failure)] {
    if (!server_->listen_after_bind() && !has_ended_) on_failure();
  });
}

void Listener::end() {
  has_ended_ = true;
  server_->put_socket(-1);
}

void Listener::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace forward_auth
