// Whom an HTTP call may talk to: which schemes, and which addresses. Judged where the socket is
// opened, not where a name is written: what a name resolves to is decided by others.
#pragma once

#include <string>

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
  static Result<PeerRule> of(const HttpCall& call);

  const http::Url& url() const noexcept { return url_; }
  std::string host() const;  // as certificates name it: no brackets, no trailing dot

  // Private space only for hosts the operator wrote down, or where it is allowed for all.
  bool may_reach(const http::IpAddress& address) const noexcept;
  bool may_reach(const sockaddr& address) const noexcept;  // false for all but IPv4 and IPv6

 private:
  PeerRule(http::Url url, bool may_be_private) noexcept
      : url_(std::move(url)), may_be_private_(may_be_private) {}

  http::Url url_;
  bool may_be_private_;
};

}  // namespace gatelet::io
