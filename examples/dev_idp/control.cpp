// Switches for tests, below /dev: what the provider does next, and what it saw.
#include "provider.hpp"

namespace dev_idp {
namespace {

using nlohmann::json;

// A page in a browser cannot switch anything: what it sends carries an Origin.
bool is_from_a_page(const httplib::Request& request) { return request.has_header("Origin"); }

int number(const std::optional<std::string>& text, int otherwise) {
  try {
    return text ? std::stoi(*text) : otherwise;
  } catch (const std::exception&) {
    return otherwise;
  }
}

json state_of(const Provider& provider) {
  return {{"issuer", provider.issuer},
          {"journal", provider.journal.read()},
          {"faults", provider.faults.read()}};
}

}  // namespace

void add_control(httplib::Server& server, Provider& provider) {
  const auto at = [&](const char* name, auto handler) {
    server.Post(route(provider, std::string("/dev/") + name),
                [&provider, handler](const httplib::Request& request, httplib::Response& response) {
                  if (is_from_a_page(request))
                    return answer_json(response, 403, {{"error", "not from a page"}});
                  const bool is_done = handler(request);
                  answer_json(response, is_done ? 200 : 400, {{"done", is_done}});
                });
  };

  // mode, times (none: until cleared)
  at("misbehave", [&](const httplib::Request& request) {
    return provider.faults.set(parameter(request, "mode").value_or(""),
                               number(parameter(request, "times"), Faults::always));
  });
  at("behave", [&](const httplib::Request&) {
    provider.faults.clear();
    provider.patience.release();
    return true;
  });
  // username: answers for the person from now on; denies=1: says no; neither: asks again
  at("answer", [&](const httplib::Request& request) {
    const auto username = parameter(request, "username").value_or("");
    if (!username.empty() && provider.options.user(username) == nullptr) return false;
    provider.logins.set_auto_answer({username, parameter(request, "denies") == "1"});
    return true;
  });
  // keep=0: the old keys vanish at once
  at("rotate-keys", [&](const httplib::Request& request) {
    provider.keys.rotate(parameter(request, "keep") != "0");
    return true;
  });
  // Ends a person's grants and sessions here.
  at("revoke", [&](const httplib::Request& request) {
    const auto username = parameter(request, "username").value_or("");
    provider.grants.revoke_user(username);
    provider.logins.close_sessions_of(username);
    return provider.options.user(username) != nullptr;
  });
  // Everything as at the start, keys excepted.
  at("reset", [&](const httplib::Request&) {
    provider.faults.clear();
    provider.patience.release();
    provider.grants.clear();
    provider.logins.clear();
    provider.journal.clear();
    return true;
  });
  server.Get(route(provider, "/dev/state"),
             [&](const auto&, auto& response) { answer_json(response, 200, state_of(provider)); });
  server.Get(route(provider, "/dev/elsewhere"), [&](const auto&, auto& response) {
    provider.journal.count("redirects_followed");
    answer_json(response, 200, json::object());
  });
}

}  // namespace dev_idp
