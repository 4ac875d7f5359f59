// A RedisRoute decides which server a call goes to: the only one, the primary that Sentinels name,
// or the primary of a cluster that has the key's slot. Whoever has the calls asks it, and shows it
// the error replies that may mean "not here".
//
// What a route does not know yet it finds out by asking servers; its own questions go over the same
// connections as the calls, under numbers that no call has.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/redis_servers.hpp"
#include "io/redis_topology.hpp"
#include "io/store.hpp"

namespace gatelet::io {

// On which terms servers are spoken to of which only the address is known.
struct RedisTerms {
  Secret user, password;
  int database = 0;
  std::shared_ptr<const TlsServer> tls;  // null: plain
  // The names in the URLs: the servers that a reply names are of the same deployment, so their
  // certificates may be for those as well, and where only an address is named they have to be.
  std::vector<std::string> names;
  bool must_be_primary = false;

  //   Failure: Status::store_unreachable: TLS could not be prepared.
  Result<RedisEndpoint> endpoint(const RedisAddress& address) const;
};

// What a route begins with.
struct RedisPlan {
  RedisSettings::Topology topology = RedisSettings::Topology::standalone;
  std::vector<RedisEndpoint> servers;  // the server, the Sentinels, or some of the cluster's
  RedisTerms terms{};                  // of those that replies name
  std::string primary_name{};          // as the Sentinels know it

  //   Failure: Status::invalid_configuration: authorities that cannot be read, TLS over a socket's
  //   path, no server at all.
  static Result<RedisPlan> of(const RedisSettings& settings);
};

// What becomes of a call that was answered with an error.
struct RedisAdvice {
  enum class What : std::uint8_t {
    take,        // the error is the answer
    again,       // choose() knows better now
    ask,         // this once at `connection`, behind ASKING
    wait,        // for `pause`, or until something was found out
    disbelieve,  // no server that we asked this can have said that
  };
  What what = What::take;
  RedisConnection* connection = nullptr;
  Duration pause{};
};

class RedisRoute {
 public:
  using Id = RedisConnection::Id;
  static constexpr Id own_ids = Id{1} << 63;  // set in the numbers of a route's own questions
  static constexpr bool is_own(Id id) noexcept { return (id & own_ids) != 0; }

  virtual ~RedisRoute() = default;

  // Null: that is being found out; ask again when num_findings() has changed, or after a moment.
  // `lost_at` as RedisPool::choose.
  //   Failure: Status::store_unreachable: nobody can be asked now.
  virtual Result<RedisConnection*> choose(std::string_view key, Deadline now,
                                          std::optional<Deadline> lost_at) = 0;

  // `error` answered a call about `key`.
  //   Failure: Status::store_unreachable: it goes on elsewhere, where nobody can be asked now.
  virtual Result<RedisAdvice> heed(const RedisReply& error, std::string_view key,
                                   RedisConnection& from, Deadline now) = 0;

  // What came of its own questions, what became of connections, and the passing of time.
  virtual void take_answer(Id, RedisConnection&, const RedisReply&, Deadline /*now*/) {}
  virtual void take_lost(Id, const Error&, Deadline /*now*/) {}
  virtual void note_closed(const RedisPool*, const RedisConnection&, Deadline /*now*/) {}
  virtual void serve(Deadline /*now*/) {}

  // Somebody keeps what was read from now on: it is noticed without calls, too, that primaries
  // change, and in time for nothing to be believed longer than `max_staleness`; but nobody is asked
  // more than ten times a second.
  virtual void keep_current(Duration /*max_staleness*/) {}
  virtual std::optional<Deadline> next_deadline() const { return std::nullopt; }

  // Grows whenever a question was settled, well or not.
  virtual std::uint64_t num_findings() const noexcept { return 0; }

  // The primaries that calls go to, as far as they are known; and a number that grows when one of
  // them changes or a slot goes from one to another. Who keeps what it read must forget it then.
  std::span<const RedisEndpoint> primaries() const noexcept { return primaries_; }
  std::uint64_t generation() const noexcept { return generation_; }

 protected:
  void set_primaries(std::vector<RedisEndpoint> primaries) {
    primaries_ = std::move(primaries);
    ++generation_;
  }

 private:
  std::vector<RedisEndpoint> primaries_;
  std::uint64_t generation_ = 0;
};

// `servers` must outlive it.
std::unique_ptr<RedisRoute> make_redis_route(RedisPlan plan, RedisServers& servers);

}  // namespace gatelet::io
