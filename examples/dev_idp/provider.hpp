// The whole provider: what it was told, what it knows, and what every endpoint needs.
#pragma once

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "faults.hpp"
#include "grants.hpp"
#include "journal.hpp"
#include "keys.hpp"
#include "logins.hpp"
#include "options.hpp"

namespace dev_idp {

struct Provider {
  explicit Provider(Options given) : options(std::move(given)), keys(options.algorithm) {}

  const Options options;
  std::string issuer;     // "http://127.0.0.1:9090/realms/demo/"; set once the port is known
  std::string base_url;   // the issuer without a trailing slash
  std::string base_path;  // its path
  KeyRing keys;
  Journal journal;
  Faults faults;
  Patience patience;
  Grants grants{journal};
  Logins logins;
};

long now_seconds();

// The value of a parameter that stands there exactly once; empty otherwise.
std::optional<std::string> parameter(const httplib::Request& request, const std::string& name);
bool has_duplicates(const httplib::Request& request);  // RFC 6749 section 3.1: a mistake

bool is_loopback_uri(const std::string& uri);  // RFC 8252 section 7.3: any port on loopback

void answer_json(httplib::Response& response, int status, const nlohmann::json& body);
void answer_page(httplib::Response& response, int status, const std::string& html);
void redirect_to(httplib::Response& response, const std::string& url);  // 303: always a GET

// Wraps an endpoint: notes the request in the journal and lets a fault of the endpoint's name take
// its place. `name` is empty for endpoints without faults.
httplib::Server::Handler endpoint(Provider& provider, std::string name,
                                  httplib::Server::Handler handler);

// The routes, one file an exchange.
void add_discovery(httplib::Server& server, Provider& provider);    // metadata and JWK set
void add_authorize(httplib::Server& server, Provider& provider);    // authorize, choose, consent
void add_token(httplib::Server& server, Provider& provider);        // both grants
void add_userinfo(httplib::Server& server, Provider& provider);     //
void add_end_session(httplib::Server& server, Provider& provider);  //
void add_control(httplib::Server& server, Provider& provider);      // /dev/...

// A path of the provider as a route pattern.
std::string route(const Provider& provider, const std::string& path);

}  // namespace dev_idp
