// parse_url: what it accepts reads back equal, and a browser goes to the same origin.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/ascii.hpp"
#include "http/url.hpp"
#include "require.hpp"
#include "support/browser_url.hpp"

using namespace gatelet;
using namespace gatelet::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  for (const char c : percent_encode(text)) {
    require(is_alnum(c) || std::string_view("-._~%").find(c) != std::string_view::npos);
  }

  const auto url = parse_url(text);
  if (!url.ok()) return 0;
  const auto written = url->text();
  for (const char c : written) require(c > ' ' && c < 0x7f && c != '\\' && c != '#');
  require(url->path.starts_with('/'));
  require(url->port != 0);

  const auto again = parse_url(written);
  require(again.ok() && again->text() == written && again->origin() == url->origin());
  require(again->path == url->path && again->query == url->query);

  // origin() is where a browser goes, with the text as it came and as we write it.
  const auto target = support::browser_origin(text, {});
  require(target.valid && target == support::browser_origin(url->origin(), {}));
  require(target == support::browser_origin(written, {}));

  const auto longer = parse_url(with_query(written, "a=b"));
  if (written.size() > 8000) return 0;  // may have grown beyond what is read
  require(longer.ok() && longer->origin() == url->origin() && longer->path == url->path);
  require(longer->query.ends_with("a=b") && longer->query.starts_with(url->query));
  return 0;
}
