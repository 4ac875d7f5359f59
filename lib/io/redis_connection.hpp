// One connection to a Redis server, from its name to its end: resolving, connecting, TLS, hello
// (AUTH, SELECT, ROLE), ready, closed. Commands are sent one behind the other without waiting;
// replies come in the same order.
//
// One that listens is told things besides: messages come between the replies, unasked.
//
// It never blocks: serve() does what can be done. Once closed, also for want of memory, it stays
// closed; what had no answer then is taken back by whoever sent it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "http/redis_url.hpp"
#include "io/name_lookups.hpp"
#include "io/redis_reply.hpp"
#include "io/socket_wait.hpp"
#include "io/stream_socket.hpp"
#include "io/tls_session.hpp"

namespace gatelet::io {

// A server, and how to begin with it.
struct RedisEndpoint {
  http::RedisUrl url;
  std::shared_ptr<const TlsServer> tls{};  // null: plain
  bool must_be_primary = false;  // asked by ROLE on every connection, before anything else
  unsigned num_renewals = 0;     // its name may mean another server since
};

class RedisConnection {
 public:
  using Id = std::uint64_t;  // of a command, its sender's; never 0
  enum class State : std::uint8_t { resolving, connecting, tls, hello, ready, closed };
  enum class End : std::uint8_t {
    lost,       // somebody closed it, or nothing came in time: what it was asked may be asked again
    replica,    // it is no primary and must be: nothing was sent there
    nonsense,   // no reply of Redis came, or to another question: nothing there may be believed
    too_large,  // a reply was: its command is answered so, the others may be asked again
    idle,       // nobody needed it
  };
  enum class Role : std::uint8_t { asks, listens };
  enum class Manner : std::uint8_t {
    plain,
    asking,   // ASKING goes right before the command, and nothing comes between them
    listing,  // the answer may have more elements than others
  };
  struct Answer {
    Id id;
    RedisReply reply;
  };
  struct Unanswered {
    Id id;
    bool was_sent;
  };

  // Begins. Both arguments must outlive it.
  RedisConnection(const RedisEndpoint& endpoint, NameLookups& lookups, Deadline now,
                  Deadline connect_by, Role role = Role::asks);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  // Sends when it can. Without a reply within `patience` from then on the connection is closed,
  // however long the call that began it was willing to wait; half of the time is enough where
  // nothing was heard for long: the way there may have been forgotten (NAT).
  void send(Id id, std::string command, Deadline now, Duration patience,
            Manner manner = Manner::plain);

  // The answer is not wanted any more. What has been sent keeps its place in the order of replies.
  void withdraw(Id id);

  void add_waits(std::vector<SocketWait>& waits) const;
  std::optional<Deadline> next_deadline() const;
  void serve(bool is_ready, Deadline now);

  std::optional<Answer> take_answer();
  std::optional<RedisReply> take_message();   // what one that listens was told, in order
  std::vector<Unanswered> take_unanswered();  // in order; requires State::closed

  void close(End end, Error why);

  // The answer that was taken last cannot be one: nor are those behind it.
  void disbelieve(Error why);

  State state() const noexcept { return state_; }
  bool is_ready() const noexcept { return state_ == State::ready; }
  bool is_closed() const noexcept { return state_ == State::closed; }
  End end() const noexcept { return end_; }
  // Its end says nothing of the server, which may be asked at once.
  bool was_left() const noexcept { return end_ == End::idle || end_ == End::too_large; }
  const Error& why() const noexcept { return why_; }  // it was closed

  const RedisEndpoint& endpoint() const noexcept { return endpoint_; }
  Deadline began() const noexcept { return began_; }
  bool was_heard() const noexcept { return was_heard_; }  // a reply that was no error came
  bool is_idle() const noexcept { return unsent_.empty() && sent_.empty(); }
  Deadline last_heard() const noexcept { return last_heard_; }
  Deadline last_used() const noexcept { return last_used_; }
  std::size_t num_waiting() const noexcept { return unsent_.size() + sent_.size(); }

 private:
  struct Unsent {
    Id id;
    std::string command;
    Duration patience;
    Manner manner;
  };
  struct Sent {
    Id id;  // 0: withdrawn, or nobody's
    Deadline answer_by;
    Manner manner = Manner::plain;
  };

  void look_up();
  void do_turn(bool is_ready, Deadline now);
  void connect_next(Deadline now);
  void take_connection(Deadline now);
  void say_hello();
  void say_next();
  void hear_hello(const RedisReply& reply);
  void hear_sign_in(const RedisReply& reply);
  void hear_role(const RedisReply& reply);
  void send_waiting(Deadline now);
  void put(std::string bytes);
  void flush();
  void receive(Deadline now);
  void take_bytes(std::string_view bytes, Deadline now);
  void stop_reading();
  std::size_t element_limit() const;
  void take_reply(RedisReply reply, Deadline now);
  void check_time(Deadline now);
  void lose(std::string_view why);

  const RedisEndpoint& endpoint_;
  NameLookups& lookups_;
  const Deadline began_, connect_by_;
  const Role role_;

  State state_ = State::resolving;
  End end_ = End::lost;
  Error why_;

  NameLookups::Id lookup_ = 0;
  Addresses addresses_;
  std::size_t next_address_ = 0;
  Deadline address_by_;
  std::string last_problem_;  // of an address that was tried

  StreamSocket socket_;
  std::optional<TlsSession> tls_;
  std::string out_;  // bytes for the socket
  RedisReplyReader reader_;

  std::deque<std::string> hello_;  // still to be said, before the role is asked
  bool asks_role_ = false;
  bool may_sign_in_by_password_ = false;

  std::deque<Unsent> unsent_;
  std::deque<Sent> sent_;
  std::deque<Answer> answers_;
  std::deque<RedisReply> messages_;
  bool was_heard_ = false;
  Deadline last_heard_, last_used_;
};

}  // namespace gatelet::io
