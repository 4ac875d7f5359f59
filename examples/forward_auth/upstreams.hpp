// What a signed-in request gets that asks for no endpoint of gatelet's: of oauth2-proxy's upstreams
// a static answer is one here, the others belong to the server in front.
#pragma once

#include <string>
#include <vector>

namespace forward_auth {

class Upstreams {
 public:
  explicit Upstreams(const std::vector<std::string>& urls);

  bool empty() const { return places_.empty(); }
  bool is_static_only() const;

  // The status for a path: a static upstream's, 501 where the reference would forward, 404 where it
  // would not know the path.
  int status_for(const std::string& path) const;

 private:
  struct Place {
    std::string path;
    int status;  // 501: somebody else's
  };
  std::vector<Place> places_;  // the longest path first
};

}  // namespace forward_auth
