#include "session/packed_session.hpp"

#include <doctest/doctest.h>

#include <string>

#include "samples.hpp"
#include "session/host_data.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

// All fields set.
Session full() {
  auto session = samples::session();
  session.provider_id = "google";
  session.email_verified = false;
  session.groups_complete = false;
  session.signed_in_at = Timestamp{samples::begin - 5, 1};
  session.last_used = Timestamp{samples::begin + 7, 2};
  session.ends_at = Timestamp{samples::begin + 9000, 3};
  session.data = std::make_shared<const HostData>(
      HostData{{{"cart", std::string("\0\xff", 2)}}, Timestamp{samples::begin + 8, 4}});
  session.ticket = std::make_shared<const Ticket>(
      Ticket{"_gatelet-0123456789abcdef0123456789abcdef", Secret("0123456789abcdef")});
  return session;
}

void check_same(const Session& a, const Session& b) {
  CHECK(a.created_at == b.created_at);
  CHECK(a.expires_on == b.expires_on);
  CHECK(a.access_token == b.access_token);
  CHECK(a.id_token == b.id_token);
  CHECK(a.refresh_token == b.refresh_token);
  CHECK(a.nonce == b.nonce);
  CHECK(a.email == b.email);
  CHECK(a.user == b.user);
  CHECK(a.groups == b.groups);
  CHECK(a.preferred_username == b.preferred_username);
  CHECK(a.additional_claims == b.additional_claims);
  CHECK(a.provider_id == b.provider_id);
  CHECK(a.email_verified == b.email_verified);
  CHECK(a.groups_complete == b.groups_complete);
  CHECK(a.signed_in_at == b.signed_in_at);
  CHECK(a.last_used == b.last_used);
  CHECK(a.password_mark == b.password_mark);
  CHECK(a.ends_at == b.ends_at);
  REQUIRE((a.data == nullptr) == (b.data == nullptr));
  if (a.data) CHECK(*a.data == *b.data);
  REQUIRE((a.ticket == nullptr) == (b.ticket == nullptr));
  if (a.ticket) {
    CHECK(a.ticket->id == b.ticket->id);
    CHECK(a.ticket->secret == b.ticket->secret);
  }
}

void check_round_trip(const Session& session) {
  const auto again = unpack(pack(session).reveal());
  REQUIRE(again);
  check_same(*again, session);
  const auto behind = pack(session, "in front");
  CHECK(behind.reveal() == "in front" + std::string(pack(session).reveal()));
}

}  // namespace

TEST_SUITE("session/packed_session") {
  TEST_CASE("unpack: gives back all that was packed") { check_round_trip(full()); }

  TEST_CASE("unpack: what is not set comes back not set") {
    check_round_trip({});
    auto session = samples::session();
    check_round_trip(session);
    session.ends_at = Timestamp{samples::begin, 0};
    check_round_trip(session);
  }

  TEST_CASE("unpack: a password's session keeps the line of its file, and never had tokens") {
    Session session;
    session.user = "ann";
    session.created_at = Timestamp{samples::begin, 0};
    session.password_mark = Secret("ann:$2y$05$abc");
    check_round_trip(session);
  }

  TEST_CASE("unpack: more than a record may have is nobody's session, not half of one") {
    Session session;
    session.groups.assign(msgpack::max_elements, "g");
    check_round_trip(session);
    session.groups.emplace_back("g");
    CHECK(unpack(pack(session).reveal()) == nullptr);
  }

  TEST_CASE("unpack: cut anywhere it is null") {
    const auto packed = pack(full());
    for (std::size_t size = 0; size < packed.size(); ++size) {
      CHECK(unpack(packed.reveal().substr(0, size)) == nullptr);
    }
  }
}
