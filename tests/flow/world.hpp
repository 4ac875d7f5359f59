// Everything a whole flow meets, in one place: an application at https://app.example, a browser
// that keeps cookies, a provider in process and a driver that steps. No I/O, no clock.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/decision.hpp>

#include "flow/begin_login.hpp"
#include "flow/context.hpp"
#include "flow/finish_login.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"
#include "support/fake_provider.hpp"
#include "support/scripted_driver.hpp"
#include "support/scripted_entropy.hpp"
#include "support/scripted_store.hpp"

namespace gatelet::support {

// Cookies by name, as a browser keeps them for one host; attributes are the tests' business.
class Browser {
 public:
  void take(const Decision& answer);
  void put(std::string name, std::string value);
  void forget(std::string_view name);
  bool has(std::string_view name) const;
  std::string header() const;  // of the Cookie field; empty when there is none
  const std::vector<std::pair<std::string, std::string>>& cookies() const { return cookies_; }

 private:
  std::vector<std::pair<std::string, std::string>> cookies_;
};

// Random bytes that fail at one draw, counted from 0, and come again after it: whoever passes over
// the failure is not saved by the next one.
class HiccupEntropy final : public Entropy {
 public:
  explicit HiccupEntropy(int failing) : left_(failing) {}
  bool has_failed() const noexcept { return left_ < 0; }
  Result<void> fill(std::span<std::byte> out) noexcept override {
    if (left_-- != 0) return seeded_.fill(out);
    for (auto& byte : out) byte = std::byte{0x41};
    return Error{Status::no_entropy, {}};
  }

 private:
  int left_;
  SeededEntropy seeded_;
};

class World {
 public:
  World();

  // A GET by the browser, settled and owned.
  std::shared_ptr<const policy::OwnedRequest> get(std::string_view target) const;

  // A request for `target` is answered with the redirect to the provider; its Location.
  std::string start(std::string_view target = "/wanted?x=1");
  // The person agrees there; the query that comes back.
  std::string approve(std::string_view location);

  // What the engine makes of a callback with this query before the flow runs.
  //   Failure: as parse_form, parse_state and open_login_state.
  Result<flow::FinishLogin> callback(std::string_view query) const;
  // The flow run to its end; its answer reaches the browser.
  Result<Decision> finish(std::string_view query);

  // Start to end; the session that the browser then has.
  session::Session sign_in();
  // The session in the browser's cookies, or in the store where the browser has a ticket.
  Result<session::Session> session() const;

  // From here on sessions are kept in `store`.
  void keep_in_store();
  // How many records of sessions are there: the index and the deny list are none.
  std::size_t num_sessions() const;

  static std::string_view secret();  // cookie_secret
  // ... or sessions are in cookies, and `store` stands beside them.
  void keep_beside();

  FakeProvider provider;
  ScriptedDriver driver;
  Browser browser;
  ScriptedStore store;
  std::shared_ptr<flow::Context> context = std::make_shared<flow::Context>();
  std::shared_ptr<const oidc::ProviderState> state;  // what the application knows of the provider
};

// The values of Set-Cookie; and whether one of them expires a cookie whose name begins so, or gives
// it a value.
std::vector<std::string> set_cookies(const Decision& answer);
bool expires_cookie(const Decision& answer, std::string_view name_prefix);
bool sets_cookie(const Decision& answer, std::string_view name_prefix);
std::string location_of(const Decision& answer);

// Status, fields and body as one text; and whether a text holds a secret of the fake provider: raw,
// in base64 at any offset, or percent-encoded.
std::string whole(const Decision& answer);
bool holds_canary(std::string_view text);

}  // namespace gatelet::support
