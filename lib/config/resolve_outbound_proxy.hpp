// The proxy on the way to providers: from outbound_proxy and outbound_no_proxy, and where those are
// silent from the variables of a given environment that other programs go by too.
#pragma once

#include <vector>

#include <gatelet/settings.hpp>

#include "config/problems.hpp"
#include "config/values.hpp"
#include "config/warnings.hpp"
#include "http/outbound_proxy.hpp"

namespace gatelet::config {

// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, else the same in lower case. Where the environment is one
// of a CGI program, HTTP_PROXY is the client's doing (a header field Proxy) and does not count.
// `notices` tells which proxy is used, since a variable is easily forgotten.
http::OutboundProxy resolve_outbound_proxy(const Settings& settings, const EngineValues& engine,
                                           Problems& problems, std::vector<Notice>& notices);

}  // namespace gatelet::config
