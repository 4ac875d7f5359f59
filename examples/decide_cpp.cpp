// Decides one request: decide_cpp ISSUER [COOKIE]
#include <gatelet/gatelet.hpp>
#include <iostream>

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: decide_cpp ISSUER [COOKIE]\n", 2;
  auto engine = gatelet::Engine::create({{"oidc_issuer_url", argv[1]},
                                         {"client_id", "gatelet-demo"},
                                         {"client_secret", "gatelet-demo-secret"},
                                         {"cookie_secret", "replace-me-by-32-random-bytes..."},
                                         {"redirect_url", "https://app.example/oauth2/callback"},
                                         {"insecure_allow_http_provider", "true"}});
  if (!engine.ok()) return std::cerr << engine.error().text << '\n', 1;

  const gatelet::HeaderView headers[] = {{"Host", "app.example"}, {"Cookie", argc > 2 ? argv[2] : ""}};
  const gatelet::RequestView request{"GET", "https", "app.example", "/reports", "203.0.113.7", headers, {}};
  auto outcome = (*engine)->decide(request);
  gatelet::Decision decision;  // 401 until somebody decides otherwise
  if (!outcome.ok()) {
    decision = (*engine)->failure(request, outcome.error());
  } else if (auto* at_once = std::get_if<gatelet::Decision>(&*outcome)) {
    decision = std::move(*at_once);
  } else {  // the provider must be asked first
    auto waited = std::get<1>(*outcome).wait(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    decision = waited.ok() ? std::move(*waited) : (*engine)->failure(request, waited.error());
  }

  std::cout << decision.http_status() << ' ' << gatelet::reason_code(decision.reason()) << '\n';
  for (const auto& field : decision.response()) std::cout << field.name << ": " << field.value << '\n';
}
