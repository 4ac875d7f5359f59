#include "session/deny_list.hpp"

#include <doctest/doctest.h>

#include "base/instant.hpp"
#include "samples.hpp"
#include "session/native_seal.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;

namespace {

const Instant now = at_unix(begin);

Denial denial(std::string subject, std::int64_t until) {
  Denial out;
  out.subject = {"default", std::move(subject)};
  out.until = {until, 5};
  return out;
}

Session of(std::string user, std::int64_t signed_in, std::uint32_t nanos = 5) {
  Session out;
  out.user = std::move(user);
  out.signed_in_at = Timestamp{signed_in, nanos};
  out.created_at = Timestamp{signed_in + 5000, 0};  // refreshed since
  return out;
}

Session stored(Session session, std::string id) {
  auto ticket = std::make_shared<Ticket>();
  ticket->id = std::move(id);
  session.ticket = std::move(ticket);
  return session;
}

}  // namespace

TEST_SUITE("session/deny_list") {
  TEST_CASE("F-251: sessions of that person signed in until then are over, to the nanosecond") {
    const DenyList list({denial("jane", 100), denial("joan", 50)});
    CHECK(list.covers(of("jane", 100)));
    CHECK(list.covers(of("jane", 100, 4)));
    CHECK_FALSE(list.covers(of("jane", 100, 6)));
    CHECK(list.covers(of("joan", 50)));
    CHECK_FALSE(list.covers(of("joan", 51)));
    CHECK_FALSE(list.covers(of("jan", 1)));
    CHECK_FALSE(list.covers(of("janes", 1)));
    auto elsewhere = of("jane", 1);
    elsewhere.provider_id = "google";
    CHECK_FALSE(list.covers(elsewhere));
    auto by_password = of("jane", 1);
    by_password.password_mark = Secret("jane:x");
    CHECK_FALSE(list.covers(by_password));
    CHECK_FALSE(DenyList().covers(of("jane", 1)));
  }

  TEST_CASE("a session whose sign-in is not known counts from when it was made; of no age: over") {
    const DenyList list({denial("jane", 100)});
    Session old;
    old.user = "jane";
    CHECK(list.covers(old));
    old.created_at = Timestamp{100, 0};
    CHECK(list.covers(old));
    old.created_at = Timestamp{101, 0};
    CHECK_FALSE(list.covers(old));
  }

  TEST_CASE("the one that is kept: by its ticket in a store, by its sign-in in cookies") {
    auto by_ticket = denial("jane", 100);
    by_ticket.kept_ticket = "t1";
    const DenyList tickets({by_ticket});
    CHECK_FALSE(tickets.covers(stored(of("jane", 10), "t1")));
    CHECK(tickets.covers(stored(of("jane", 10), "t2")));
    CHECK(tickets.covers(of("jane", 10)));
    auto by_sign_in = denial("jane", 100);
    by_sign_in.kept_sign_in = Timestamp{10, 5};
    const DenyList sign_ins({by_sign_in});
    CHECK_FALSE(sign_ins.covers(of("jane", 10)));
    CHECK(sign_ins.covers(of("jane", 10, 6)));
    CHECK(sign_ins.covers(stored(of("jane", 10), "t1")));
    // Nobody is kept by an empty name.
    CHECK(DenyList({denial("jane", 100)}).covers(stored(of("jane", 10), "t1")));
  }

  TEST_CASE("the later of two counts, and what the earlier kept is kept no longer") {
    auto first = denial("jane", 100);
    first.kept_ticket = "t1";
    const auto one = DenyList({first}).with({denial("jane", 200)}, {1, 0}).value();
    CHECK(one.denials().size() == 1);
    CHECK(one.covers(stored(of("jane", 10), "t1")));
    CHECK(one.covers(of("jane", 200)));
    // Also where they come in the other order, or from two lists.
    const auto two = DenyList({denial("jane", 200)}).with({first}, {1, 0}).value();
    CHECK(two.covers(stored(of("jane", 10), "t1")));
    CHECK(two.denials().size() == 1);
    const auto merged = DenyList({first}).merged(DenyList({denial("jane", 200)}));
    CHECK(merged.denials() == one.denials());
    CHECK(DenyList({denial("jane", 200)}).merged(DenyList({first})).denials() == one.denials());
  }

  TEST_CASE("F-251: what an earlier denial ended no later one keeps, in either order") {
    const auto in_both_orders = [](const Denial& a, const Denial& b) {
      const auto one = DenyList({a}).with({b}, {1, 0}).value();
      CHECK(one.denials() == DenyList({b}).with({a}, {1, 0}).value().denials());
      CHECK(one.denials() == DenyList({a}).merged(DenyList({b})).denials());
      CHECK(one.denials() == DenyList({b}).merged(DenyList({a})).denials());
      CHECK(one.denials().size() == 1);
      return one;
    };
    const auto all = denial("jane", 100);
    auto others = denial("jane", 200);
    others.kept_sign_in = Timestamp{10, 5};
    CHECK(in_both_orders(all, others).covers(of("jane", 10)));
    others.kept_sign_in = Timestamp{100, 5};
    CHECK(in_both_orders(all, others).covers(of("jane", 100)));
    others.kept_sign_in = Timestamp{100, 6};  // who signed in after it may keep the session
    CHECK_FALSE(in_both_orders(all, others).covers(of("jane", 100, 6)));
    CHECK(in_both_orders(all, others).covers(of("jane", 150)));

    others.kept_ticket = "t2";
    others.kept_sign_in = Timestamp{10, 5};
    CHECK(in_both_orders(all, others).covers(stored(of("jane", 10), "t2")));
    others.kept_sign_in = Timestamp{150, 5};
    CHECK_FALSE(in_both_orders(all, others).covers(stored(of("jane", 150), "t2")));
    CHECK(in_both_orders(all, others).covers(of("jane", 150)));  // a ticket keeps no cookie
    others.kept_sign_in.reset();  // when its sign-in was is not known
    CHECK(in_both_orders(all, others).covers(stored(of("jane", 150), "t2")));
  }

  TEST_CASE("F-251: who keeps one session again and again keeps it; three meet in any order") {
    auto first = denial("jane", 100), again = denial("jane", 200);
    first.kept_ticket = again.kept_ticket = "t1";  // without a sign-in, as of before
    CHECK_FALSE(DenyList({first, again}).covers(stored(of("jane", 10), "t1")));
    first.kept_ticket = again.kept_ticket = {};
    first.kept_sign_in = again.kept_sign_in = Timestamp{10, 5};
    CHECK_FALSE(DenyList({first, again}).covers(of("jane", 10)));

    const auto before = denial("jane", 50);
    CHECK(DenyList({before}).merged(DenyList({first, again})).covers(of("jane", 10)));
    CHECK(DenyList({before, again}).merged(DenyList({first})).covers(of("jane", 10)));
    CHECK(DenyList({first, before}).merged(DenyList({again})).covers(of("jane", 10)));
    const auto between = denial("jane", 150);
    CHECK(DenyList({first, again}).merged(DenyList({between})).covers(of("jane", 10)));
    CHECK(DenyList({first, between}).merged(DenyList({again})).covers(of("jane", 10)));
  }

  TEST_CASE("what may be forgotten goes when another comes, and not a moment before") {
    auto old = denial("jane", 100);
    old.forget_at = Timestamp{500, 0};
    const DenyList list({old});
    CHECK(list.with({denial("joan", 100)}, {499, 999'999'999}).value().denials().size() == 2);
    CHECK(list.with({denial("joan", 100)}, {500, 0}).value().denials().size() == 1);
  }

  TEST_CASE(
      "beyond: what the other list has not, or of an earlier moment, and may not be forgotten") {
    auto over = denial("joan", 100);
    over.forget_at = Timestamp{500, 0};
    const DenyList list({denial("jane", 200), over});
    const Timestamp before{499, 0}, after{500, 0};
    CHECK(list.beyond(DenyList(), before).size() == 2);
    CHECK(list.beyond(DenyList(), after) == std::vector{denial("jane", 200)});
    CHECK(list.beyond(DenyList({denial("jane", 199), over}), before) ==
          std::vector{denial("jane", 200)});
    CHECK(list.beyond(DenyList({denial("jane", 200), over}), before).empty());
    CHECK(list.beyond(list.merged(DenyList({denial("joan", 300)})), before).empty());
    CHECK(DenyList().beyond(list, before).empty());
    // A later one there keeps what this one has ended.
    auto others = denial("jane", 300);
    others.kept_sign_in = Timestamp{10, 5};
    CHECK(list.beyond(DenyList({others}), after) == std::vector{denial("jane", 200)});
    CHECK(list.beyond(list.merged(DenyList({others})), after).empty());
    others.kept_sign_in = Timestamp{201, 5};
    CHECK(list.beyond(DenyList({others}), after).empty());
  }

  TEST_CASE("bounded: a full list says so and keeps all it has") {
    std::vector<Denial> many;
    for (std::size_t i = 0; i < DenyList::max_denials; ++i) {
      many.push_back(denial("user " + std::to_string(i), 100));
    }
    const DenyList full(std::move(many));
    const auto refused = full.with({denial("one more", 100)}, {1, 0});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::invalid_state);
    CHECK(full.with({denial("user 7", 200)}, {1, 0}).ok());  // known already
    const auto keys = samples::keys();
    support::SeededEntropy entropy;
    const auto record = seal_deny_list(*keys, "key", 0, full, now, entropy).value();
    CHECK(open_deny_list(*keys, "key", record, now).value().denials() == full.denials());
  }

  TEST_CASE("bounded by what a store takes too, and it says so") {
    std::vector<Denial> many;
    for (std::size_t i = 0; i < DenyList::max_denials; ++i) {
      support::SeededEntropy noise(i);
      auto name = std::string(255, ' ');
      REQUIRE(noise.fill(std::span(reinterpret_cast<std::byte*>(name.data()), name.size())).ok());
      many.push_back(denial(name, 100));
    }
    const auto keys = samples::keys();
    support::SeededEntropy entropy;
    const auto refused = seal_deny_list(*keys, "key", 0, DenyList(many), now, entropy);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::invalid_state);
    CHECK(refused.error().text.find("deny list is full") != std::string::npos);
    many.resize(2000);
    CHECK(seal_deny_list(*keys, "key", 0, DenyList(many), now, entropy).ok());
  }

  TEST_CASE("F-246: a key by each secret, sealed by it; each process reads it with its own") {
    SessionSettings settings;
    const Secret before[] = {Secret("another secret, as long as a key")};
    const auto both = CookieKeys::make(Secret("0123456789!bcdef0123456789!bcdef"), before).value();
    const auto old = samples::keys("another secret, as long as a key");
    const auto keys = deny_list_keys(settings, *both).value();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].starts_with("__Host-gatelet-denied-"));
    CHECK(is_deny_list_key(keys[0]));
    CHECK_FALSE(is_deny_list_key("__Host-gatelet-0123456789abcdef0123456789abcdef"));
    CHECK(keys[1] == deny_list_keys(settings, *old).value()[0]);
    support::SeededEntropy entropy;
    const DenyList list({denial("jane", 100)});
    const auto record = seal_deny_list(*both, keys[1], 1, list, now, entropy).value();
    CHECK(open_deny_list(*old, keys[1], record, now).value().denials() == list.denials());
    const auto newer = seal_deny_list(*both, keys[1], 0, list, now, entropy).value();
    CHECK_FALSE(open_deny_list(*old, keys[1], newer, now).ok());
  }

  TEST_CASE("a record of another key or purpose, a changed one, content that is none: refused") {
    const auto keys = samples::keys();
    support::SeededEntropy entropy;
    auto whole = denial("jane", 100);
    whole.forget_at = Timestamp{500, 1};
    whole.kept_ticket = "t";
    whole.kept_sign_in = Timestamp{7, 7};
    const auto record = seal_deny_list(*keys, "key", 0, DenyList({whole}), now, entropy).value();
    CHECK(open_deny_list(*keys, "key", record, now).value().denials() == std::vector{whole});
    CHECK(record.find("jane") == std::string::npos);
    CHECK_FALSE(open_deny_list(*keys, "kex", record, now).ok());
    for (std::size_t i = 0; i < record.size(); ++i) {
      auto changed = record;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK_FALSE(open_deny_list(*keys, "key", changed, now).ok());
    }
    for (const auto& content : {std::string(), std::string("\x80"), std::string("\x90\x00", 2),
                                std::string("\xdd\xff\xff\xff\xff"), std::string("\x91\x90"),
                                std::string("\x91\x96\xa1"
                                            "a\xa1"
                                            "b\xc0\xc0\xa0\xc0")}) {
      const auto odd =
          keys->native().seal({Purpose::deny_list, "key"}, content, begin, entropy).value();
      CHECK_FALSE(open_deny_list(*keys, "key", odd, now).ok());
    }
  }
}
