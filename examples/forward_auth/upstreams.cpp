#include "upstreams.hpp"

#include <algorithm>
#include <cstdlib>

namespace forward_auth {
namespace {

constexpr int not_ours = 501;
constexpr int not_found = 404;

// Static answers and unix sockets stand at /, files at their fragment, all else at the URL's path.
std::string path_of(const std::string& url) {
  if (url.starts_with("static:") || url.starts_with("unix:")) return "/";
  const auto fragment = url.find('#');
  if (url.starts_with("file:") && fragment != std::string::npos) return url.substr(fragment + 1);
  const auto slash = url.find('/', url.find("://") + 3);
  return slash == std::string::npos ? "/"
                                    : url.substr(slash, url.find_first_of("?#", slash) - slash);
}

// A path that ends in / stands for all below it, any other for itself.
bool covers(const std::string& path, const std::string& asked) {
  return path.back() == '/' ? asked.starts_with(path) : asked == path;
}

}  // namespace

Upstreams::Upstreams(const std::vector<std::string>& urls) {
  for (const auto& url : urls) {
    const bool is_static = url.starts_with("static://");
    places_.push_back({path_of(url), is_static ? std::atoi(url.c_str() + 9) : not_ours});
  }
  std::stable_sort(places_.begin(), places_.end(),
                   [](const Place& a, const Place& b) { return a.path.size() > b.path.size(); });
}

bool Upstreams::is_static_only() const {
  return std::none_of(places_.begin(), places_.end(),
                      [](const Place& place) { return place.status == not_ours; });
}

int Upstreams::status_for(const std::string& path) const {
  const auto found = std::find_if(places_.begin(), places_.end(),
                                  [&](const Place& place) { return covers(place.path, path); });
  return found == places_.end() ? not_found : found->status;
}

}  // namespace forward_auth
