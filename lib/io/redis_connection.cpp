#include "io/redis_connection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/secret.hpp"
#include "io/attempt.hpp"
#include "io/redis_exchange.hpp"
#include "io/redis_topology.hpp"

namespace gatelet::io {
namespace {

constexpr std::size_t chunk_size = 16 * 1024;
constexpr int max_chunks = 32;                      // read in one turn, so that others have theirs
constexpr std::size_t enough_to_send = 256 * 1024;  // the rest waits, where it can be withdrawn
constexpr Duration long_silence = std::chrono::seconds(10);

// For the SYN and its answer, a server far away too. With the longest pause behind a failure it is
// still less than a second until a host that was gone is found again.
constexpr Duration longest_connect = std::chrono::milliseconds(450);

constexpr std::string_view too_many_clients = "ERR max number of clients";
constexpr std::string_view too_late = "it did not answer in time";

}  // namespace

RedisConnection::RedisConnection(const RedisEndpoint& endpoint, NameLookups& lookups, Deadline now,
                                 Deadline connect_by, Role role)
    : endpoint_(endpoint),
      lookups_(lookups),
      began_(now),
      connect_by_(connect_by),
      role_(role),
      address_by_(connect_by),
      last_heard_(now),
      last_used_(now) {
  look_up();
  serve(false, now);
}

RedisConnection::~RedisConnection() {
  if (lookup_ != 0) lookups_.forget(lookup_);
  for (auto& command : hello_) wipe(command);
  wipe(out_);
}

void RedisConnection::look_up() {
  const auto& url = endpoint_.url;
  if (!url.path.empty()) {
    addresses_ = {socket_address(url.path)};
    return;
  }
  auto started = lookups_.start(url.host, url.port);
  if (!started.ok()) return lose(started.error().text);
  lookup_ = *started;
}

void RedisConnection::send(Id id, std::string command, Deadline now, Duration patience,
                           Manner manner) {
  if (is_ready() && sent_.empty() && now - last_heard_ > long_silence) patience /= 2;
  last_used_ = now;
  unsent_.push_back({id, std::move(command), patience, manner});
}

void RedisConnection::withdraw(Id id) {
  std::erase_if(unsent_, [id](const Unsent& one) { return one.id == id; });
  for (auto& one : sent_) {
    if (one.id == id) one.id = 0;
  }
  std::erase_if(answers_, [id](const Answer& one) { return one.id == id; });
}

void RedisConnection::add_waits(std::vector<SocketWait>& waits) const {
  if (socket_.fd() < 0) return;
  const bool connects = state_ == State::connecting;
  const bool has_more = !out_.empty() || (is_ready() && !unsent_.empty());
  waits.push_back({socket_.fd(), !connects, connects || has_more, false});
}

std::optional<Deadline> RedisConnection::next_deadline() const {
  if (is_closed()) return std::nullopt;
  if (!is_ready()) return std::min(connect_by_, address_by_);
  std::optional<Deadline> first;
  for (const auto& one : sent_) first = std::min(first.value_or(one.answer_by), one.answer_by);
  return first;
}

// Behind what threw, for want of memory, a command may count as sent that never left, and a reply
// may be missing: those that came after it would be taken for others'.
void RedisConnection::serve(bool is_ready_now, Deadline now) {
  auto problem = attempt([&] { do_turn(is_ready_now, now); });
  if (problem) close(End::lost, {Status::store_unreachable, std::move(problem->text)});
}

void RedisConnection::do_turn(bool is_ready_now, Deadline now) {
  if (state_ == State::resolving) {
    if (lookup_ != 0) {
      auto found = lookups_.take(lookup_);
      if (found) {
        lookup_ = 0;
        addresses_ = std::move(*found);
        if (addresses_.empty()) return lose("its name has no address");
      }
    }
    if (!addresses_.empty()) connect_next(now);
  } else if (state_ == State::connecting && is_ready_now) {
    take_connection(now);
  } else if (is_ready_now && !is_closed()) {
    receive(now);
  }
  if (!is_closed()) check_time(now);
  if (is_ready()) send_waiting(now);
  if (!is_closed() && state_ > State::connecting) flush();
}

void RedisConnection::connect_next(Deadline now) {
  while (next_address_ < addresses_.size()) {
    const auto num_left = static_cast<int>(addresses_.size() - next_address_);
    auto begun = StreamSocket::connect(addresses_[next_address_++]);
    if (!begun.ok()) {
      last_problem_ = begun.error().text;
      continue;
    }
    socket_ = std::move(begun).value();
    state_ = State::connecting;
    const auto share = std::max<Duration>(connect_by_ - now, Duration::zero()) / num_left;
    address_by_ = now + std::min(share, longest_connect);
    return;
  }
  lose(last_problem_);
}

void RedisConnection::take_connection(Deadline now) {
  if (auto connected = socket_.connected(); !connected.ok()) {
    last_problem_ = connected.error().text;
    return connect_next(now);
  }
  address_by_ = connect_by_;
  if (!endpoint_.tls) return say_hello();
  state_ = State::tls;
  tls_.emplace(endpoint_.tls);
  out_ += tls_->take_outgoing();
}

void RedisConnection::say_hello() {
  const auto& url = endpoint_.url;
  if (!url.password.empty()) {
    hello_.push_back(sign_in_command(url.user, url.password));
    may_sign_in_by_password_ = url.user.empty();
  }
  if (url.database != 0) hello_.push_back(select_command(url.database));
  say_next();
}

void RedisConnection::say_next() {
  state_ = State::hello;
  asks_role_ = hello_.empty() && endpoint_.must_be_primary;
  if (asks_role_) return put(role_command());
  if (!hello_.empty()) return put(hello_.front());
  state_ = State::ready;
}

// One after the other: what follows a refused AUTH or SELECT must not be sent, it would reach
// another database.
void RedisConnection::hear_hello(const RedisReply& reply) {
  if (asks_role_) return hear_role(reply);
  hear_sign_in(reply);
  if (!is_closed()) say_next();
}

void RedisConnection::hear_sign_in(const RedisReply& reply) {
  wipe(hello_.front());
  hello_.pop_front();
  if (reply.type == RedisReply::Type::error) {
    // Before 6.0 Redis has passwords only, and AUTH takes one word.
    if (!std::exchange(may_sign_in_by_password_, false) || error_word(reply) != "ERR") {
      return close(End::lost, refusal(reply));
    }
    hello_.push_front(sign_in_by_password_command(endpoint_.url.password));
  } else if (!is_ok(reply)) {
    return close(End::nonsense, Error{Status::store_unreachable,
                                      "the session store does not answer as Redis does"});
  } else {
    may_sign_in_by_password_ = false;
  }
}

void RedisConnection::hear_role(const RedisReply& reply) {
  if (reply.type == RedisReply::Type::error) return close(End::lost, refusal(reply));
  const auto role = read_role(reply);
  if (!role) {
    return close(End::nonsense, Error{Status::store_unreachable,
                                      "the session store does not answer as Redis does"});
  }
  if (*role == RedisRole::other) {
    return close(End::replica, Error{Status::store_unreachable,
                                     "the session store's primary has become a replica"});
  }
  state_ = State::ready;
}

void RedisConnection::send_waiting(Deadline now) {
  while (!unsent_.empty() && out_.size() < enough_to_send && !is_closed()) {
    auto& next = unsent_.front();
    if (next.manner == Manner::asking) {
      sent_.push_back({0, now + next.patience});
      put(asking_command());
    }
    sent_.push_back({next.id, now + next.patience, next.manner});
    auto command = std::move(next.command);
    unsent_.pop_front();
    put(std::move(command));
  }
}

void RedisConnection::put(std::string bytes) {
  if (!tls_) {
    if (!is_ready()) reserve_wiping(out_, out_.size() + bytes.size());
    out_ += bytes;
  } else if (auto sent = tls_->send(bytes); !sent.ok()) {
    lose(sent.error().text);
  } else {
    out_ += tls_->take_outgoing();
  }
  if (!is_ready()) wipe(bytes);
}

void RedisConnection::flush() {
  std::size_t done = 0;
  while (done < out_.size()) {
    const auto moved = socket_.send(std::string_view(out_).substr(done));
    if (moved.state == StreamSocket::State::must_wait) break;
    if (moved.state == StreamSocket::State::closed) return lose("it closed the connection");
    done += moved.size;
  }
  if (done < out_.size()) {
    out_.erase(0, done);
  } else if (is_ready()) {
    out_.clear();
  } else {
    wipe(out_);  // a password
  }
}

void RedisConnection::receive(Deadline now) {
  char chunk[chunk_size];
  for (int i = 0; i < max_chunks && !is_closed(); ++i) {
    const auto moved = socket_.receive(chunk, sizeof chunk);
    if (moved.state == StreamSocket::State::must_wait) return;
    if (moved.state == StreamSocket::State::closed) return lose("it closed the connection");
    take_bytes({chunk, moved.size}, now);
    if (moved.size < sizeof chunk) return;
  }
}

void RedisConnection::take_bytes(std::string_view bytes, Deadline now) {
  std::string plain;
  if (tls_) {
    auto received = tls_->receive(bytes, plain);
    out_ += tls_->take_outgoing();
    if (!received.ok()) {
      flush();  // the other side may as well be told why
      return lose(received.error().text);
    }
    if (state_ == State::tls && tls_->is_agreed()) say_hello();
    bytes = plain;
  }
  reader_.limit_elements(element_limit());
  reader_.feed(bytes);
  while (!is_closed()) {
    auto reply = reader_.take();
    if (!reply) break;
    take_reply(std::move(*reply), now);
  }
  if (is_closed()) return;
  if (!reader_.fault().empty()) return stop_reading();
  if (tls_ && tls_->has_ended()) lose("it closed the connection");
}

// A large reply is that to the first command without one; where it ends is not waited for.
void RedisConnection::stop_reading() {
  Error why{Status::store_unreachable,
            "a reply of the session store cannot be read: " + std::string(reader_.fault())};
  const bool is_answer = role_ == Role::asks && is_ready() && !sent_.empty();
  if (!reader_.is_too_large() || !is_answer) return close(End::nonsense, std::move(why));
  const auto id = sent_.front().id;
  if (id != 0) answers_.push_back({id, {RedisReply::Type::too_large, {}, 0, {}}});
  sent_.pop_front();
  close(End::too_large, std::move(why));
}

// What is read now may be the answer to any command that was sent.
std::size_t RedisConnection::element_limit() const {
  const auto lists = [](const Sent& one) { return one.manner == Manner::listing; };
  if (std::any_of(sent_.begin(), sent_.end(), lists)) return RedisReplyReader::max_listed_elements;
  return role_ == Role::listens ? RedisReplyReader::max_told_elements
                                : RedisReplyReader::max_elements;
}

void RedisConnection::take_reply(RedisReply reply, Deadline now) {
  const bool is_error = reply.type == RedisReply::Type::error;
  last_heard_ = now;
  if (state_ == State::hello) return hear_hello(reply);
  if (role_ == Role::listens && is_message(reply)) return messages_.push_back(std::move(reply));
  if (sent_.empty()) {
    // Too many clients, for one, is said before anything was asked.
    if (is_error) return close(End::lost, refusal(reply));
    return close(End::nonsense,
                 Error{Status::store_unreachable, "the session store spoke without being asked"});
  }
  // The same where something was asked already: it is no answer, and what was asked goes elsewhere.
  if (is_error && !was_heard_ && reply.text.starts_with(too_many_clients)) {
    return close(End::lost, refusal(reply));
  }
  if (!is_error) was_heard_ = true;
  // First the answer: for want of memory it is lost, and the command still has none.
  const auto id = sent_.front().id;
  if (id != 0) answers_.push_back({id, std::move(reply)});
  sent_.pop_front();
}

void RedisConnection::check_time(Deadline now) {
  if (is_ready()) {
    const auto is_late = [now](const Sent& one) { return one.answer_by <= now; };
    if (std::any_of(sent_.begin(), sent_.end(), is_late)) lose(too_late);
    return;
  }
  if (now >= connect_by_) return lose(too_late);
  if (state_ == State::connecting && now >= address_by_) {
    last_problem_ = too_late;
    connect_next(now);
  }
}

std::optional<RedisConnection::Answer> RedisConnection::take_answer() {
  if (answers_.empty()) return std::nullopt;
  auto first = std::move(answers_.front());
  answers_.pop_front();
  return first;
}

std::optional<RedisReply> RedisConnection::take_message() {
  if (messages_.empty()) return std::nullopt;
  auto first = std::move(messages_.front());
  messages_.pop_front();
  return first;
}

std::vector<RedisConnection::Unanswered> RedisConnection::take_unanswered() {
  std::vector<Unanswered> all;
  for (const auto& one : sent_) {
    if (one.id != 0) all.push_back({one.id, true});
  }
  for (const auto& one : unsent_) all.push_back({one.id, false});
  sent_.clear();
  unsent_.clear();
  return all;
}

void RedisConnection::lose(std::string_view why) {
  close(End::lost, Error{Status::store_unreachable,
                         "the session store cannot be reached: " + std::string(why)});
}

void RedisConnection::close(End end, Error why) {
  if (is_closed()) return;
  state_ = State::closed;
  end_ = end;
  why_ = std::move(why);
  socket_.close();
}

void RedisConnection::disbelieve(Error why) {
  close(End::nonsense, why);
  if (end_ == End::too_large) {
    end_ = End::nonsense;
    why_ = std::move(why);
  }
  while (!answers_.empty()) {
    sent_.push_front({answers_.back().id, {}});
    answers_.pop_back();
  }
}

}  // namespace gatelet::io
