// Whom an HTTP call may talk to: which schemes, and which addresses. Judged where the socket is
// opened, not where a name is written: what a name resolves to is decided by others.
//
// Through a proxy the socket is the proxy's, and it is the proxy that resolves names: then only
// addresses that stand in the URL can be judged here, names are left to the proxy's own rules.
#pragma once

#include <memory>
#include <utility>

#include "base/result.hpp"
#include "http/call.hpp"
#include "http/ip.hpp"
#include "http/url.hpp"

struct sockaddr;

namespace gatelet::io {

class PeerRule {
 public:
  // Reads the URL of `call`.
  //   Failure: Status::provider_bad_answer for a URL that is not https (or http, where allowed), or
  //   that http::parse_url refuses: one a document named, since validation saw the configured ones.
  //   Status::provider_unreachable for a private address that a proxy is not to be asked for.
  static Result<PeerRule> of(const HttpCall& call);

  const http::Url& url() const noexcept { return url_; }

  const http::ProxyServer* proxy() const noexcept { return proxy_.get(); }  // null: none on the way

  // The proxy, wherever it is; else private space only for hosts the operator wrote down, or where
  // it is allowed for all.
  bool may_reach(const http::IpAddress& address) const noexcept;
  bool may_reach(const sockaddr& address) const noexcept;  // false for all but IPv4 and IPv6

 private:
  PeerRule(http::Url url, std::shared_ptr<const http::ProxyServer> proxy,
           bool may_be_private) noexcept
      : url_(std::move(url)), proxy_(std::move(proxy)), may_be_private_(may_be_private) {}

  http::Url url_;
  std::shared_ptr<const http::ProxyServer> proxy_;  // of the call's trust
  bool may_be_private_;
};

}  // namespace gatelet::io
