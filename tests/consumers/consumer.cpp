// The smallest C++ program: two engines in one process that know nothing of each other.
#include <gatelet/gatelet.hpp>
#include <iostream>
#include <string>

int main() {
  const auto make = [](const char* issuer) {
    const std::string base(issuer);
    return gatelet::Engine::create({{"oidc_issuer_url", base},
                                    {"skip_oidc_discovery", "true"},
                                    {"login_url", base + "/authorize"},
                                    {"redeem_url", base + "/token"},
                                    {"oidc_jwks_url", base + "/jwks"},
                                    {"client_id", "c"},
                                    {"client_secret", "s"},
                                    {"cookie_secret", "0123456789!bcdef0123456789!bcdef"},
                                    {"redirect_url", "https://app.example/oauth2/callback"}});
  };
  const auto first = make("https://one.example"), second = make("https://two.example");
  if (!first.ok() || !second.ok()) return std::cerr << "no engine\n", 1;
  const gatelet::RequestView request{"GET", "https", "app.example", "/", "203.0.113.7", {}, {}};
  for (const auto& [engine, host] : {std::pair{*first, "https://one.example/"}, {*second, "https://two.example/"}}) {
    const auto outcome = engine->decide(request);
    if (!outcome.ok() || outcome->index() != 0) return std::cerr << "no decision\n", 2;
    const auto& decision = std::get<0>(*outcome);
    std::string location;
    for (const auto& field : decision.response()) {
      if (field.name == "Location") location = field.value;
    }
    if (decision.kind() != gatelet::Decision::Kind::redirect || location.rfind(host, 0) != 0) return std::cerr << location << '\n', 3;
  }
}
