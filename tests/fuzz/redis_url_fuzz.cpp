// parse_redis_url: what is accepted can be connected to, and a refusal repeats nothing of the URL.
#include "http/redis_url.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = parse_redis_url(text);
  if (!url.ok()) {
    // Where it came from does not show: the text is one of ours, which hold no control byte.
    require(url.error().status == Status::malformed && url.error().text.size() < 300);
    return 0;
  }
  require(url->host.empty() != url->path.empty());
  require(url->path.empty() || (url->path.front() == '/' && url->path.size() <= 107));
  require(url->path.find('\0') == std::string::npos && url->host.find('\0') == std::string::npos);
  require(url->port != 0 && url->database >= 0);
  require(url->is_tls || !url->skip_verify);
  require(url->user.size() + url->password.size() < text.size());

  // The same again, written in full.
  if (url->path.empty()) {
    const bool is_v6 = url->host.find(':') != std::string::npos;
    const auto host = is_v6 ? "[" + url->host + "]" : url->host;
    const auto again = parse_redis_url("redis://" + host + ":" + std::to_string(url->port) + "/" +
                                       std::to_string(url->database));
    require(again.ok() && again->host == url->host && again->port == url->port);
    require(again->database == url->database && again->password.empty());
  }
  return 0;
}
