#include "io/name_lookups.hpp"

#include <netdb.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "http/ip.hpp"
#include "io/attempt.hpp"
#include "io/ready_fd.hpp"

namespace gatelet::io {
namespace {

using SteadyClock = std::chrono::steady_clock;

Addresses ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  Addresses addresses;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return addresses;
  }
  for (const auto* one = found; one; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

struct NameLookups::Shared {
  using Name = std::pair<std::string, std::uint16_t>;
  struct Kept {
    Addresses addresses;
    Deadline until;
  };

  std::mutex mutex;
  // Guarded by mutex:
  std::map<Id, Name> wanted;  // and not answered yet
  std::map<Id, Addresses> found;
  std::set<Name> under_way;   // with those that wait for their turn
  std::map<Name, Kept> kept;  // answers that came when nobody wanted them any more
  ReadyFd ready;

  void answer(Id id, const Addresses& addresses) {
    found.emplace(id, addresses);
    ready.set(true);
  }

  // Whether somebody is still there to be answered.
  bool begin(const Name& name) {
    const std::scoped_lock lock(mutex);
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const auto& one) { return one.second == name; });
    if (!is_wanted) under_way.erase(name);
    return is_wanted;
  }

  void end(const Name& name, Addresses addresses, Duration kept_for) {
    const std::scoped_lock lock(mutex);
    under_way.erase(name);
    const auto num_answered = std::erase_if(wanted, [&](const auto& one) {
      if (one.second != name) return false;
      answer(one.first, addresses);
      return true;
    });
    if (num_answered > 0 || addresses.empty()) return;
    kept.insert_or_assign(name, Kept{std::move(addresses), SteadyClock::now() + kept_for});
  }
};

NameLookups::NameLookups(std::size_t max_waiting, Resolve resolve, Duration kept_for,
                         std::size_t max_at_a_time)
    : resolve_(resolve ? std::move(resolve) : ask_system),
      kept_for_(kept_for),
      shared_(std::make_shared<Shared>()),
      worker_(max_waiting, max_at_a_time) {}

NameLookups::~NameLookups() = default;

Result<NameLookups::Id> NameLookups::start(const std::string& host, std::uint16_t port) {
  const auto id = ++last_;
  const Shared::Name name{host, port};
  const auto now = SteadyClock::now();
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->ready.get() < 0) {
    return Error{Status::store_unreachable, "this process has no descriptor left"};
  }
  if (const auto address = http::parse_ip(host)) {
    shared_->answer(id, {socket_address(*address, port)});
    return id;
  }
  std::erase_if(shared_->kept, [now](const auto& one) { return one.second.until <= now; });
  if (const auto place = shared_->kept.find(name); place != shared_->kept.end()) {
    shared_->answer(id, place->second.addresses);
    return id;
  }
  if (!shared_->under_way.contains(name)) {
    if (!look_up(host, port).ok()) {
      return Error{Status::store_unreachable, "too many names are being looked up"};
    }
    shared_->under_way.insert(name);
  }
  shared_->wanted.emplace(id, name);
  return id;
}

Result<void> NameLookups::look_up(const std::string& host, std::uint16_t port) {
  // What needs memory is done here: the job always comes to its end.
  return worker_.push([this, name = Shared::Name{host, port}] {
    if (!shared_->begin(name)) return;
    Addresses addresses;  // none where there is no memory for them: it is over in any case
    (void)attempt([&] { addresses = resolve_(name.first, name.second); });
    shared_->end(name, std::move(addresses), kept_for_);
  });
}

std::optional<Addresses> NameLookups::take(Id id) {
  const std::scoped_lock lock(shared_->mutex);
  auto found = shared_->found.extract(id);
  if (found.empty()) return std::nullopt;
  shared_->ready.set(!shared_->found.empty());
  return std::move(found.mapped());
}

void NameLookups::forget(Id id) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->wanted.erase(id);
  shared_->found.erase(id);
  shared_->ready.set(!shared_->found.empty());
}

void NameLookups::add_waits(std::vector<SocketWait>& waits) {
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->wanted.empty() && shared_->found.empty()) return;
  waits.push_back({shared_->ready.get(), true, false, false});
}

}  // namespace gatelet::io
