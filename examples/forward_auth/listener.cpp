#include "listener.hpp"

#include <chrono>
#include <utility>

namespace forward_auth {
namespace {

// The server's socket is a member that heirs may set. cpp-httplib itself would shut the socket
// down at the end, which is not ours alone where it was handed over (fd:3).
template <class Server>
class OnSocket : public Server {
 public:
  using Server::Server;
  void put_socket(int fd) { this->svr_sock_ = fd; }
};

// How versions of cpp-httplib hand over the context.
struct SetUp {
  TlsSettings settings;
  bool operator()(SSL_CTX& context) const { return set_up(context, settings).empty(); }
  bool operator()(void* context) const { return (*this)(*static_cast<SSL_CTX*>(context)); }
};

template <class Server>
void keep(std::unique_ptr<OnSocket<Server>> made, std::unique_ptr<httplib::Server>& server,
          std::function<void(int)>& put_socket) {
  put_socket = [raw = made.get()](int fd) { raw->put_socket(fd); };
  server = std::move(made);
}

constexpr std::size_t num_threads = 128;  // each connection holds one while it is open
constexpr std::size_t max_body_size = 64 * 1024;

void set_limits(httplib::Server& server) {
  server.set_payload_max_length(max_body_size);
  server.new_task_queue = [] { return new httplib::ThreadPool(num_threads); };
  server.set_keep_alive_timeout(1);      // idle connections must not hold up others, or the end
  server.set_idle_interval(0, 100'000);  // how soon the end is seen, in microseconds
}

}  // namespace

Listener::Listener(const std::string& address, const std::optional<TlsSettings>& tls,
                   std::string& problem)
    : socket_(address, problem), is_tls_(tls.has_value()) {
  if (tls) {
    keep(std::make_unique<OnSocket<httplib::SSLServer>>(SetUp{*tls}), server_, put_socket_);
  } else {
    keep(std::make_unique<OnSocket<httplib::Server>>(), server_, put_socket_);
  }
  if (!server_->is_valid()) problem = "TLS cannot be set up";
  set_limits(*server_);
  put_socket_(socket_.fd());
}

Listener::~Listener() {
  end();
  join();
}

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
  put_socket_(-1);
}

void Listener::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace forward_auth
