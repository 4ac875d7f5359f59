// What the options say of the server itself: the library checks them and leaves them to us.
#pragma once

#include <gatelet/gatelet.hpp>
#include <optional>
#include <string>
#include <vector>

#include "log.hpp"
#include "tls.hpp"

namespace forward_auth {

// One place to listen at.
struct Place {
  std::string address;
  std::optional<TlsSettings> tls;
  std::string option;  // that names the address
};

struct ServerSettings {
  std::vector<Place> application;  // http or https
  std::vector<Place> metrics;
  LogSettings log;
  std::vector<std::string> upstreams;
  std::string sign_out_path;
};

// `problems` gets what is wrong with values that the library cannot judge.
//   Blocking: reads the certificates.
ServerSettings server_settings(const gatelet::Settings& settings,
                               std::vector<std::string>& problems);

}  // namespace forward_auth
