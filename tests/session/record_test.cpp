#include "session/record.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

std::string bytes(std::string_view hex) { return from_hex(hex).value(); }

Session read_hex(std::string_view hex) { return read_record(bytes(hex)).value(); }

std::string refusal(std::string_view hex) {
  const auto result = read_record(bytes(hex));
  REQUIRE(!result.ok());
  CHECK(result.error().status == Status::session_invalid);
  return result.error().text;
}

// All fields set.
Session full() {
  auto session = samples::session();
  session.provider_id = "google";
  session.email_verified = true;
  session.signed_in_at = Timestamp{samples::begin - 5, 0};
  session.groups_complete = false;
  return session;
}

}  // namespace

TEST_SUITE("session/record") {
  TEST_CASE("write_record: keys in the reference's order, ours behind them") {
    const auto record = write_record(full(), {});
    std::string keys;
    msgpack::Reader reader(record);
    std::size_t count = 0;
    REQUIRE(reader.read_map(count));
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view key;
      REQUIRE(reader.read(key));
      keys.append(key).append(" ");
      REQUIRE(reader.skip());
    }
    CHECK(keys == "ca eo at it rt n e u g pu ac pid ev si gi ");
    CHECK(reader.at_end());
  }

  TEST_CASE("write_record: what is not set is left out, an empty session is an empty map") {
    CHECK(to_hex(write_record({}, {})) == "80");
    Session session;
    session.user = "bob";
    CHECK(to_hex(write_record(session, {})) == "81a175a3626f62");
  }

  TEST_CASE("write_record: without tokens, and without our own keys") {
    const auto record = write_record(full(), {false, false});
    const auto session = read_record(record).value();
    CHECK(session.access_token.empty());
    CHECK(session.id_token.empty());
    CHECK(session.refresh_token.empty());
    CHECK(session.provider_id.empty());
    CHECK_FALSE(session.email_verified.has_value());
    CHECK_FALSE(session.signed_in_at.has_value());
    CHECK(session.groups_complete);
    CHECK(session.user == "jane");
  }

  TEST_CASE("write_record: our own keys say only what is not the rule") {
    auto session = full();
    session.groups_complete = true;
    session.provider_id.clear();
    CHECK(write_record(session, {}).find("gi") == std::string::npos);
    CHECK(write_record(session, {}).find("pid") == std::string::npos);
    session.email_verified = false;
    CHECK(read_record(write_record(session, {})).value().email_verified == false);
  }

  TEST_CASE("F-247: the last use is written where it is asked for, and comes back") {
    auto session = full();
    session.last_used = Timestamp{samples::begin + 9, 7};
    CHECK_FALSE(read_record(write_record(session, {})).value().last_used.has_value());
    RecordParts parts;
    parts.last_use = true;
    const auto record = write_record(session, parts);
    CHECK(read_record(record).value().last_used == session.last_used);
    CHECK(read_record(record).value().user == "jane");
    parts.extra_keys = false;  // in oauth2-proxy's format
    CHECK(read_record(write_record(session, parts)).value().last_used == session.last_used);
  }

  TEST_CASE("F-420: the host's data is written in every form, and comes back byte by byte") {
    auto session = full();
    session.data = std::make_shared<const HostData>(HostData{
        {{"cart", std::string("\x00\xff three", 8)}, {"a", ""}}, Timestamp{samples::begin + 9, 7}});
    for (const bool extra : {true, false}) {
      const auto again = read_record(write_record(session, {extra, extra})).value();
      REQUIRE(again.data);
      CHECK(*again.data == *session.data);
    }
    CHECK(refusal("81a2686493c0c0c0") == "the record cannot be read at hd");
    CHECK(refusal("81a2686481a16101") == "the record cannot be read at hd");
    CHECK(refusal("81a26864df00ffffff") == "the record cannot be read at hd");
    CHECK(refusal("81a26861a161") == "the record cannot be read at ha");
  }

  TEST_CASE("write_record: more than fifteen keys have a header of their own") {
    auto session = full();
    RecordParts parts;
    parts.last_use = true;
    CHECK(write_record(session, parts).front() == '\x8f');
    session.last_used = session.created_at;
    const auto record = write_record(session, parts);
    CHECK(to_hex(record.substr(0, 3)) == "de0010");
    CHECK(record.substr(3) ==
          write_record(session, {}).substr(1) + "\xa2la" + record.substr(record.size() - 10));
    CHECK(read_record(record).value().groups == session.groups);
  }

  TEST_CASE("read_record: every field comes back") {
    const auto session = full();
    const auto again = read_record(write_record(session, {})).value();
    CHECK(again.created_at == session.created_at);
    CHECK(again.expires_on == session.expires_on);
    CHECK(again.access_token == session.access_token);
    CHECK(again.id_token == session.id_token);
    CHECK(again.refresh_token == session.refresh_token);
    CHECK(again.nonce == session.nonce);
    CHECK(again.email == session.email);
    CHECK(again.user == session.user);
    CHECK(again.groups == session.groups);
    CHECK(again.preferred_username == session.preferred_username);
    CHECK(again.additional_claims == session.additional_claims);
    CHECK(again.provider_id == session.provider_id);
    CHECK(again.email_verified == session.email_verified);
    CHECK(again.signed_in_at == session.signed_in_at);
    CHECK(again.groups_complete == session.groups_complete);
    CHECK_FALSE(again.ends_at.has_value());
  }

  TEST_CASE("read_record: unknown keys are stepped over, whatever they hold") {
    CHECK(read_hex("83a27a7ad42a01a175a3626f62a47a7a7a7a92c081c0c0").user == "bob");
    CHECK(read_hex("82a0c3a175a3626f62").user == "bob");
    CHECK(refusal("82a27a7ac1a175a3626f62") == "the record cannot be read at a key");
  }

  TEST_CASE(
      "read_record: Go's zero time is no time, nil is absent, of a repeated key the last counts") {
    CHECK_FALSE(read_hex("81a26361c70cff00000000fffffff1886e0900").created_at.has_value());
    CHECK(read_hex("81a26361c70cff00000000fffffff1886e0901").created_at.has_value());
    CHECK(read_hex("83a26361c0a17163a175c0").user.empty());
    CHECK(read_hex("82a175a36f6e65a175a374776f").user == "two");
    CHECK(read_hex("82a16792a161a162a16791a163").groups == std::vector<std::string>{"c"});
    CHECK(read_hex("c0").user.empty());
  }

  TEST_CASE("read_record: a wrong type is refused, and the text names the key, never the value") {
    CHECK(refusal("81a26361ce684ee180") == "the record cannot be read at ca");
    CHECK(refusal("81a26174a0a0") == "the record has bytes behind its end");
    CHECK(refusal("81a2617401") == "the record cannot be read at at");
    CHECK(refusal("81a16780") == "the record cannot be read at g");
    CHECK(refusal("81a1679101") == "the record cannot be read at g");
    CHECK(refusal("81a2616390") == "the record cannot be read at ac");
    CHECK(refusal("81a26163810102") == "the record cannot be read at ac");
    CHECK(refusal("81a3706964c3") == "the record cannot be read at pid");
    CHECK(refusal("81a2657601") == "the record cannot be read at ev");
    CHECK(refusal("81a2676900") == "the record cannot be read at gi");
    CHECK(refusal("8101a0") == "the record has a key that is no text");
    CHECK(refusal("81a5e8") == "the record has a key that is no text");
    CHECK(refusal("90") == "the record is no MessagePack map");
    CHECK(refusal("") == "the record is no MessagePack map");
    CHECK(refusal("c0c0") == "the record has bytes behind its end");
    CHECK(refusal("8000") == "the record has bytes behind its end");
  }

  TEST_CASE("read_record: every cut of a record is refused") {
    const auto record = write_record(full(), {});
    for (std::size_t size = 0; size < record.size(); ++size)
      CHECK_FALSE(read_record(std::string_view(record).substr(0, size)).ok());
  }

  TEST_CASE("read_record: more groups than a list may have are refused") {
    auto session = full();
    session.groups.assign(msgpack::max_elements, "g");
    CHECK(read_record(write_record(session, {})).value().groups.size() == msgpack::max_elements);
    session.groups.emplace_back("g");
    CHECK_FALSE(read_record(write_record(session, {})).ok());
  }
}
