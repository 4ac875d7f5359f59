// One callback at its beginning, and what every refusal of one has in common.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "world.hpp"

namespace gatelet::support {

// One callback, with whatever the world was told to do wrong.
struct Attempt {
  World world;
  std::string query;
  Attempt() : query(world.approve(world.start("/wanted?x=1"))) {}

  Decision finish() {
    auto answer = world.finish(query);
    REQUIRE_MESSAGE(answer.ok(), answer.error().text);
    return std::move(answer).value();
  }
  void replace(std::string_view part, std::string_view by) {
    const auto at = query.find(part);
    REQUIRE(at != std::string::npos);
    query.replace(at, part.size(), by);
  }
};

// What every refusal at the callback has in common.
inline void check_refused(const Decision& answer, int http_status, Reason reason) {
  CHECK(answer.http_status() == http_status);
  CHECK(reason_code(answer.reason()) == reason_code(reason));
  CHECK(answer.kind() != Decision::Kind::allow);
  CHECK(answer.identity() == nullptr);
  CHECK_FALSE(sets_cookie(answer, "__Host-gatelet"));
  CHECK_FALSE(expires_cookie(answer, "__Host-gatelet="));
  CHECK(expires_cookie(answer, "__Host-gatelet_"));
  CHECK_FALSE(holds_canary(whole(answer)));
  CHECK(whole(answer).find("no-store") != std::string::npos);
}

inline void set_claim(Attempt& attempt, std::string name, std::string json) {
  attempt.world.provider.edit_id_token = [name, json](JsonText& claims) { claims.set(name, json); };
}

}  // namespace gatelet::support
