// GAP-Signature: what oauth2-proxy signs, and with which keys.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "http/header.hpp"
#include "oauth2_proxy.hpp"
#include "policy/request_signer.hpp"

using namespace gatelet;
using vectors::Json;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// The fields as the application got them: the client's, with the proxy's own in place of theirs.
Fields fields_of(const Json& row) {
  Fields out;
  for (const auto& field : row.at("headers")) {
    const std::string name = field.at(0);
    if (!http::equal_ignoring_case(name.substr(0, 4), "GAP-")) out.emplace_back(name, field.at(1));
  }
  const std::string body = row.at("body"), who = row.at("gap_auth");
  const bool is_chunked = std::any_of(
      out.begin(), out.end(), [](const auto& field) { return field.first == "Transfer-Encoding"; });
  if (!body.empty() && !is_chunked) {
    out.emplace_back("Content-Length", std::to_string(body.size()));
  }
  out.emplace_back("GAP-Auth", who);
  return out;
}

std::string our_signature(const Json& row) {
  const auto signer =
      policy::RequestSigner::make(Secret(row.at("signature_key").get<std::string>()));
  if (!signer.ok()) return "refused";
  const auto fields = fields_of(row);
  const std::string method = row.at("method"), target = row.at("target"), body = row.at("body");
  const auto value_of = [&](std::string_view name) {
    std::string out;
    for (const auto& [known, value] : fields) {
      if (http::equal_ignoring_case(known, name)) out += (out.empty() ? "" : ",") + value;
    }
    return out;
  };
  return signer->sign({method, target, body}, value_of).value();
}

}  // namespace

TEST_SUITE("vectors/request_signatures") {
  TEST_CASE(
      "signatures.json: every request is signed as in the reference, and every key judged so") {
    const auto rows = Json::parse(vectors::read_file("signatures.json")).at("sign");
    CHECK(rows.size() == 29);
    for (const auto& row : rows) {
      const std::string name = row.at("name");
      CAPTURE(name);
      const auto ours = our_signature(row);
      // Whoever has no key signs for everybody (differences.tsv).
      const bool is_refused = row.contains("expected_error") || name == "empty key";
      CHECK(ours == (is_refused ? "refused" : row.at("gap_signature").get<std::string>()));
    }
  }
}
