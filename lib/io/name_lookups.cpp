#include "io/name_lookups.hpp"

#include <netdb.h>

#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "http/ip.hpp"
#include "io/ready_fd.hpp"

namespace gatelet::io {
namespace {

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
  std::mutex mutex;
  // Guarded by mutex:
  std::set<Id> wanted;
  std::map<Id, Addresses> found;
  ReadyFd ready;

  void answer(Id id, Addresses addresses) {
    const std::scoped_lock lock(mutex);
    if (!wanted.contains(id)) return;
    found.emplace(id, std::move(addresses));
    ready.set(true);
  }
};

NameLookups::NameLookups(std::size_t max_waiting, Resolve resolve)
    : resolve_(resolve ? std::move(resolve) : ask_system),
      shared_(std::make_shared<Shared>()),
      worker_(max_waiting) {}

NameLookups::~NameLookups() = default;

Result<NameLookups::Id> NameLookups::start(const std::string& host, std::uint16_t port) {
  const auto id = ++last_;
  {
    const std::scoped_lock lock(shared_->mutex);
    if (shared_->ready.get() < 0) {
      return Error{Status::store_unreachable, "this process has no descriptor left"};
    }
    shared_->wanted.insert(id);
  }
  if (const auto address = http::parse_ip(host)) {
    shared_->answer(id, {socket_address(*address, port)});
    return id;
  }
  auto taken = worker_.push([this, id, host, port] { shared_->answer(id, resolve_(host, port)); });
  if (taken.ok()) return id;
  forget(id);
  return Error{Status::store_unreachable, "too many names are being looked up"};
}

std::optional<Addresses> NameLookups::take(Id id) {
  const std::scoped_lock lock(shared_->mutex);
  auto found = shared_->found.extract(id);
  if (found.empty()) return std::nullopt;
  shared_->wanted.erase(id);
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
  if (!shared_->wanted.empty()) waits.push_back({shared_->ready.get(), true, false, false});
}

}  // namespace gatelet::io
