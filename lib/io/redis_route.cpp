#include "io/redis_route.hpp"

#include <chrono>
#include <utility>

#include "http/ip.hpp"
#include "io/redis_cluster.hpp"
#include "io/redis_exchange.hpp"
#include "io/redis_sentinel.hpp"

namespace gatelet::io {
namespace {

using Topology = RedisSettings::Topology;

constexpr Duration renew_every = std::chrono::milliseconds(500);

class StandaloneRoute final : public RedisRoute {
 public:
  StandaloneRoute(RedisEndpoint endpoint, RedisServers& servers)
      : pool_(servers.add(std::move(endpoint))) {
    set_primaries({pool_.endpoint()});
  }

  Result<RedisConnection*> choose(std::string_view, Deadline now,
                                  std::optional<Deadline> lost_at) override {
    return pool_.choose(now, lost_at);
  }

  // A primary that became a replica: whoever has its name or address now is found by connecting
  // anew, with all connections. What it refused it did not do. Where it is the same server still,
  // that is the answer for a while.
  Result<RedisAdvice> heed(const RedisReply& error, std::string_view, RedisConnection& from,
                           Deadline now) override {
    if (error_word(error) != "READONLY") return RedisAdvice{};
    const bool was_renewed = from.began() < renewed_at_;
    if (!was_renewed && now < renewed_at_ + renew_every) return RedisAdvice{};
    if (!was_renewed) {
      renewed_at_ = now;
      pool_.close_all(refusal(error));
      listen_anew(now);
    }
    return RedisAdvice{RedisAdvice::What::again};
  }

  // The connection that comes next may reach another server by the same name or address: whoever
  // listens must do so there. Also after one that was left (was_left()): nobody else tells where
  // the name leads, as Sentinels and a cluster's map do.
  void note_closed(const RedisPool*, const RedisConnection& closed, Deadline) override {
    // One of several that nobody needed: the others still reach the same server.
    const bool is_spare = closed.end() == RedisConnection::End::idle && pool_.has_ready();
    may_be_another_ = may_be_another_ || (closed.was_heard() && !is_spare);
  }
  void serve(Deadline now) override {
    if (may_be_another_ && now >= listens_since_ + renew_every) listen_anew(now);
  }
  std::optional<Deadline> next_deadline() const override {
    return may_be_another_ ? std::optional(listens_since_ + renew_every) : std::nullopt;
  }

 private:
  void listen_anew(Deadline now) {
    listens_since_ = now;
    may_be_another_ = false;
    auto primary = primaries().front();
    ++primary.num_renewals;
    set_primaries({std::move(primary)});
  }

  RedisPool& pool_;
  Deadline renewed_at_;
  Deadline listens_since_;
  bool may_be_another_ = false;  // behind the connection that comes next
};

std::vector<std::string> names_in(const std::vector<http::RedisUrl>& urls) {
  std::vector<std::string> names;
  for (const auto& url : urls) {
    if (!http::parse_ip(url.host)) names.push_back(url.host);
  }
  return names;
}

}  // namespace

Result<RedisEndpoint> RedisTerms::endpoint(const RedisAddress& address) const {
  RedisEndpoint made;
  made.url.host = address.host;
  made.url.port = address.port;
  made.url.user = user;
  made.url.password = password;
  made.url.database = database;
  made.url.is_tls = tls != nullptr;
  made.must_be_primary = must_be_primary;
  if (!tls) return made;
  auto host = address.host;
  auto or_names = names;
  if (!names.empty() && http::parse_ip(host)) host = names.front();
  auto of_host = tls->for_host(std::move(host), std::move(or_names));
  if (!of_host.ok()) {
    return Error{Status::store_unreachable,
                 "the session store cannot be reached: TLS to it: " + of_host.error().text};
  }
  made.tls = std::move(of_host).value();
  return made;
}

Result<RedisPlan> RedisPlan::of(const RedisSettings& settings) {
  if (settings.urls.empty()) {
    return Error{Status::invalid_configuration, "no Redis server is named"};
  }
  auto tls = settings.tls;
  if (!tls) {
    auto made = redis_tls(settings);
    if (!made.ok()) return std::move(made).error();
    tls = std::move(made).value();
  }

  RedisPlan plan;
  plan.topology = settings.topology;
  plan.primary_name = settings.sentinel_master_name;
  const auto& url = settings.urls.front();
  if (plan.topology == Topology::standalone) {
    plan.servers.push_back({url, std::move(tls)});
    return plan;
  }
  const bool is_sentinel = plan.topology == Topology::sentinel;
  plan.terms = {url.user, url.password, 0, std::move(tls), names_in(settings.urls), is_sentinel};
  auto terms_of_urls = plan.terms;
  if (is_sentinel) {
    terms_of_urls.user = {};
    terms_of_urls.password = settings.sentinel_password;
    terms_of_urls.must_be_primary = false;
  }
  for (const auto& one : settings.urls) {
    auto endpoint = terms_of_urls.endpoint({one.host, one.port});
    if (!endpoint.ok()) return Error{Status::invalid_configuration, endpoint.error().text};
    plan.servers.push_back(std::move(endpoint).value());
  }
  return plan;
}

std::unique_ptr<RedisRoute> make_redis_route(RedisPlan plan, RedisServers& servers) {
  switch (plan.topology) {
    case Topology::standalone:
      return std::make_unique<StandaloneRoute>(std::move(plan.servers.front()), servers);
    case Topology::sentinel: return std::make_unique<RedisSentinel>(std::move(plan), servers);
    case Topology::cluster: return std::make_unique<RedisCluster>(std::move(plan), servers);
  }
  unreachable();
}

}  // namespace gatelet::io
