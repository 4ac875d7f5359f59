#include "policy/request_signature.hpp"

#include <doctest/doctest.h>

#include "support/field_list.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using support::value_of;

namespace {

struct Setting {
  policy::Policy policy;
  support::RequestOf request;
  session::Session session;

  Setting() {
    policy.headers.signer = std::make_shared<const policy::RequestSigner>(
        policy::RequestSigner::make(Secret("sha256:0123456789abcdef")).value());
    request.target = "/foo/bar";
    session.user = "user-1";
    session.email = "jane@example.com";
  }

  // After identity headers were settled: the client's forged ones are stripped.
  Decision signed_answer(const policy::Whom& whom) {
    const auto view = request.view();
    const auto facts = policy::settle_request(view, policy).value();
    auto answer = policy::Answer::allow(Reason::session);
    for (const auto& field : facts.headers) {
      if (policy::is_identity_name(field.name, policy.headers)) answer.strip(field.name);
    }
    CHECK(policy::add_signature(policy, facts, whom, answer));
    return std::move(answer).finish();
  }
};

}  // namespace

TEST_SUITE("policy/request_signature") {
  TEST_CASE(
      "add_signature: who it is, and the reference's signature over what the application gets") {
    Setting setting;
    policy::Whom jane;
    jane.session = &setting.session;
    const auto* signature = "sha256 tagcCN7k/zcIl1/q+lgua7XEPnHZ85/fsUxRhDrJml8=";
    for (const bool forged : {false, true}) {
      if (forged) {
        setting.request.headers = {{"GAP-Auth", "forged"}, {"gap_signature", "sha256 forged"}};
      }
      const auto answer = setting.signed_answer(jane);
      CHECK(value_of(answer.upstream(), "GAP-Auth") == "jane@example.com");
      CHECK(value_of(answer.upstream(), "GAP-Signature") == signature);
    }
    setting.request.headers = {{"Date", "today"}};
    CHECK(value_of(setting.signed_answer(jane).upstream(), "GAP-Signature") != signature);
  }

  TEST_CASE("add_signature: without a session nobody is named, and it is signed so") {
    Setting setting;
    setting.request.target = "/";
    const auto answer = setting.signed_answer({});
    CHECK(value_of(answer.upstream(), "GAP-Auth") == "<absent>");
    CHECK(value_of(answer.upstream(), "GAP-Signature") ==
          "sha256 aZWCmZTwXDUq9KxKWEfXM4881WMtp9KdHfnFVz1F58M=");
  }

  TEST_CASE("add_signature: without a key there is none") {
    Setting setting;
    setting.policy.headers.signer = nullptr;
    CHECK(setting.signed_answer({}).upstream().empty());
  }

  TEST_CASE("signs_body: where there is a key, and the request says it has a body") {
    Setting setting;
    const auto signs = [&](const char* name, const char* value) {
      const std::vector<HeaderView> headers = {{name, value}};
      return policy::signs_body(setting.policy, headers);
    };
    CHECK(signs("Content-Length", "1"));
    CHECK(signs("transfer-encoding", "chunked"));
    CHECK_FALSE(signs("Content-Length", "0"));
    CHECK_FALSE(signs("Content-Type", "text/plain"));
    setting.policy.headers.signer = nullptr;
    CHECK_FALSE(signs("Content-Length", "1"));
  }
}
