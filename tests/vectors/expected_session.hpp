// The session that a case of the vectors expects, and whether another one is equal to it.
#pragma once

#include "oauth2_proxy.hpp"
#include "session/claim_json.hpp"

namespace gatelet::vectors {

inline std::optional<session::Timestamp> time_at(const Json& expected, const char* name) {
  const auto& time = expected.at(name);
  if (time.is_null()) return std::nullopt;
  return session::Timestamp{time.at("unix").get<std::int64_t>(),
                            time.at("nanos").get<std::uint32_t>()};
}

// A text of the expectation; those that are not UTF-8 stand under `hex`.
inline std::string expected_text(const Json& expected, const std::string& name) {
  const auto hex = expected.find("hex");
  if (hex != expected.end() && hex->contains(name))
    return *from_hex(hex->at(name).get<std::string>());
  return expected.at(name).get<std::string>();
}

inline session::Session expected_session(const Json& expected) {
  session::Session session;
  session.created_at = time_at(expected, "created_at");
  session.expires_on = time_at(expected, "expires_on");
  session.access_token = Secret(expected_text(expected, "access_token"));
  session.id_token = Secret(expected_text(expected, "id_token"));
  session.refresh_token = Secret(expected_text(expected, "refresh_token"));
  session.nonce = *from_hex(text_at(expected, "nonce"));
  session.email = expected_text(expected, "email");
  session.user = expected_text(expected, "user");
  session.preferred_username = expected_text(expected, "preferred_username");
  const auto hex = expected.value("hex", Json::object());
  for (std::size_t i = 0; i < expected.at("groups").size(); ++i) {
    const auto name = "groups." + std::to_string(i);
    session.groups.push_back(hex.contains(name) ? *from_hex(hex.at(name).get<std::string>())
                                                : expected.at("groups")[i].get<std::string>());
  }
  return session;
}

inline Json claims_of(const session::Session& session) {
  std::string text;
  session::write_claim_json(
      session::msgpack::Value(session::msgpack::Map(session.additional_claims)), text);
  return Json::parse(text);
}

inline void check_equal(const session::Session& session, const Json& expected) {
  const auto wanted = expected_session(expected);
  CHECK(session.created_at == wanted.created_at);
  CHECK(session.expires_on == wanted.expires_on);
  CHECK(session.access_token == wanted.access_token);
  CHECK(session.id_token == wanted.id_token);
  CHECK(session.refresh_token == wanted.refresh_token);
  CHECK(session.nonce == wanted.nonce);
  CHECK(session.email == wanted.email);
  CHECK(session.user == wanted.user);
  CHECK(session.groups == wanted.groups);
  CHECK(session.preferred_username == wanted.preferred_username);
  CHECK(claims_of(session) == expected.at("additional_claims"));
}

}  // namespace gatelet::vectors
