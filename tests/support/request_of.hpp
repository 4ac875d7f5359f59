// A request for tests: change what matters, take its view or its facts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gatelet/request.hpp>

#include "policy/request_facts.hpp"

namespace gatelet::support {

struct RequestOf {
  std::string method = "GET";
  std::string scheme = "https";
  std::string host = "app.example.com";
  std::string target = "/";
  std::string peer = "203.0.113.7";
  std::vector<HeaderView> headers;
  mutable RequestView made;

  const RequestView& view() const {
    made = RequestView{method, scheme, host, target, peer, headers, std::nullopt};
    return made;
  }

  // As settle_request gives them for a peer nobody trusts.
  policy::RequestFacts facts() const {
    const auto& request = view();
    policy::RequestFacts facts;
    facts.method = request.method;
    facts.scheme = request.scheme;
    facts.host = request.host;
    const auto question = request.target.find('?');
    facts.path = facts.own_path = request.target.substr(0, question);
    if (question != std::string_view::npos) {
      facts.query = facts.own_query = request.target.substr(question + 1);
    }
    facts.target = request.target;
    facts.peer = request.peer;
    facts.headers = request.headers;
    facts.request = &request;
    return facts;
  }
};

inline RequestOf request_to(std::string target, std::vector<HeaderView> headers = {}) {
  RequestOf request;
  request.target = std::move(target);
  request.headers = std::move(headers);
  return request;
}

}  // namespace gatelet::support
