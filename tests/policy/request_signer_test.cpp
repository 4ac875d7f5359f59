#include "policy/request_signer.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace gatelet;
using policy::RequestSigner;

namespace {

std::string none(std::string_view) { return {}; }

std::string complaint(std::string_view spec) {
  const auto signer = RequestSigner::make(Secret(spec));
  return signer.ok() ? "taken" : signer.error().text;
}

}  // namespace

TEST_SUITE("policy/request_signer") {
  TEST_CASE("sign: everything that counts changes the signature") {
    const auto signer = RequestSigner::make(Secret("sha256:key")).value();
    std::set<std::string> seen;
    const auto add = [&](const RequestSigner::Signed& request, const RequestSigner::ValueOf& of) {
      const auto signature = signer.sign(request, of).value();
      CHECK(signature.starts_with("sha256 "));
      CHECK(seen.insert(signature).second);
    };
    add({"GET", "/a", ""}, none);
    add({"POST", "/a", ""}, none);
    add({"GET", "/b", ""}, none);
    add({"GET", "/a?x", ""}, none);
    add({"GET", "/a", "x"}, none);
    for (const auto* field :
         {"Content-Length", "Content-MD5", "Content-Type", "Date", "Authorization",
          "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-User",
          "X-Forwarded-Access-Token", "Cookie", "GAP-Auth"}) {
      add({"GET", "/a", ""}, [&](std::string_view name) { return name == field ? "1" : ""; });
    }
    CHECK(seen.size() == 16);
    CHECK(seen.count(
              RequestSigner::make(Secret("sha256:other"))->sign({"GET", "/a", ""}, none).value()) ==
          0);
  }

  TEST_CASE("make: what is no algorithm and key is refused, and the key is not shown") {
    for (const auto* spec : {"", "canary", "sha3:canary", "SHA256:canary", ":canary",
                             "sha256:", "sha256:can:ary", "sha256", "md4:canary"}) {
      CAPTURE(spec);
      CHECK(complaint(spec) != "taken");
      CHECK(complaint(spec).find("can") == std::string::npos);
    }
    for (const auto* name : {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}) {
      CHECK(complaint(std::string(name) + ":k") == "taken");
    }
  }
}
