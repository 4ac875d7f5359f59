// One call through an HttpClient, for its tests.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "io/http_client.hpp"
#include "io/scripted_task.hpp"

namespace gatelet::io::testing {

inline std::optional<HttpClient::Finished> next_finished(HttpClient& client) {
  const auto deadline = soon();
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto finished = client.take_finished()) return finished;
    client.wait(100ms);
    client.perform();
  }
  return std::nullopt;
}

inline Result<HttpReply> exchange(HttpClient& client, HttpCall call) {
  client.start(1, std::move(call));
  auto finished = next_finished(client);
  if (!finished) return Error{Status::internal, "the call did not finish within ten seconds"};
  return std::move(finished->reply);
}

inline Result<HttpReply> exchange(HttpCall call) {
  return exchange(*HttpClient::create({}).value(), std::move(call));
}

inline bool says(const Result<HttpReply>& result, Status status, std::string_view text) {
  if (result.ok()) return false;
  const auto& error = result.error();
  if (error.status == status && error.text.find(text) != std::string::npos) return true;
  MESSAGE(status_name(error.status), ": ", error.text);
  return false;
}

}  // namespace gatelet::io::testing
