// A host that has its say in who gets a session: session_hooks USERS_FILE USER PASSWORD
#include <gatelet/gatelet.hpp>
#include <iostream>

gatelet::Result<void> may_begin(const gatelet::SessionEvent& event) {
  if (event.identity.user() != "mallory") return {};
  return gatelet::Error{gatelet::Status::vetoed, "mallory has left the company"};  // for the log
}

int main(int argc, char** argv) {
  if (argc < 4) return std::cerr << "usage: session_hooks USERS_FILE USER PASSWORD\n", 2;
  auto ports = gatelet::default_ports();
  ports.hooks.created = may_begin;
  auto engine = gatelet::Engine::create({{"oidc_issuer_url", "https://idp.example"},
                                         {"client_id", "my-application"},
                                         {"client_secret", "my-secret"},
                                         {"cookie_secret", "replace-me-by-32-random-bytes..."},
                                         {"htpasswd_file", argv[1]}},
                                        ports);
  if (!engine.ok()) return std::cerr << engine.error().text << '\n', 1;

  const gatelet::HeaderView headers[] = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto form = std::string("username=") + argv[2] + "&password=" + argv[3];
  const gatelet::RequestView request{"POST", "https", "app.example", "/oauth2/sign_in", "203.0.113.7", headers, form};
  auto outcome = (*engine)->decide(request);
  if (!outcome.ok()) return std::cerr << outcome.error().text << '\n', 1;
  gatelet::Decision decision;
  if (auto* at_once = std::get_if<gatelet::Decision>(&*outcome)) {
    decision = std::move(*at_once);
  } else {  // the hook is called in here, on this thread
    auto waited = std::get<1>(*outcome).wait(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    decision = waited.ok() ? std::move(*waited) : (*engine)->failure(request, waited.error());
  }
  std::cout << decision.http_status() << ' ' << gatelet::reason_code(decision.reason()) << ' ' << decision.detail() << '\n';
}
