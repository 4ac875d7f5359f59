#include "engine/presented_password.hpp"

#include <chrono>

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using Kind = PresentedPassword::Kind;

namespace {

struct PasswordWorld : World {
  PasswordWorld() {
    write(
        "zoe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
        "jane:$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6\n");
  }
  void write(std::string_view text) {
    policy.password.enabled = true;
    policy.password.users =
        std::make_shared<const policy::Htpasswd>(policy::Htpasswd::parse(text).value());
  }
  PresentedPassword present(std::string_view user, std::string_view password) {
    const auto memory = memory_at(snapshot());
    return present_password(memory, user, password, now);
  }
  void remember(const PresentedPassword& presented) {
    const auto memory = memory_at(snapshot());
    remember_password(memory, presented.attempt, presented.session, now);
  }
};

}  // namespace

TEST_SUITE("engine/presented_password") {
  TEST_CASE("present_password: a quick hash is judged, a slow one is left to be computed") {
    PasswordWorld world;
    world.policy.password.groups = {"staff"};
    const auto zoe = world.present("zoe", "secret");
    REQUIRE(zoe.kind == Kind::accepted);
    CHECK(zoe.session->user == "zoe");
    CHECK(zoe.session->email.empty());
    CHECK(zoe.session->groups == std::vector<std::string>{"staff"});
    CHECK(zoe.session->password_mark.size() == 22);
    CHECK(world.present("zoe", "Secret").kind == Kind::rejected);
    const auto jane = world.present("jane", "wrong");
    CHECK(jane.kind == Kind::unchecked);
    CHECK(jane.attempt.size() == 32);
    const auto nobody = world.present("nobody", "secret");
    CHECK(nobody.kind == Kind::unchecked);  // as slow as jane
    CHECK(nobody.session == nullptr);
  }

  TEST_CASE("present_password: nobody is in an empty file, or in one that was not read") {
    PasswordWorld world;
    world.write("");
    CHECK(world.present("zoe", "secret").kind == Kind::rejected);
    world.policy.password.users = nullptr;
    CHECK(world.present("zoe", "secret").kind == Kind::rejected);
  }

  TEST_CASE("remember_password: the same user, password and line; for ten minutes") {
    PasswordWorld world;
    world.remember(world.present("jane", "correct horse"));
    CHECK(world.present("jane", "correct horse").kind == Kind::accepted);
    CHECK(world.present("jane", "correct horsE").kind == Kind::unchecked);
    CHECK(world.present("jan", "ecorrect horse").kind == Kind::unchecked);
    CHECK(world.present("zoe", "correct horse").kind == Kind::rejected);
    world.generation = 2;  // new settings
    CHECK(world.present("jane", "correct horse").kind == Kind::unchecked);
    world.generation = 1;
    world.now = world.now + 9min;
    CHECK(world.present("jane", "correct horse").kind == Kind::accepted);
    world.now = world.now + 2min;
    CHECK(world.present("jane", "correct horse").kind == Kind::unchecked);
  }

  TEST_CASE("remember_password: another line of the file asks for the password anew") {
    PasswordWorld world;
    world.remember(world.present("jane", "correct horse"));
    CHECK(world.present("jane", "correct horse").kind == Kind::accepted);
    world.write("jane:$2b$04$SgaSxMkx3o2N4zrn0ImfJuH9EFgMeUK7gtiBqF7FCzWtqefISFmXC\n");
    CHECK(world.present("jane", "correct horse").kind == Kind::unchecked);
    world.write("ada:$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6\n");
    const auto gone = world.present("jane", "correct horse");
    CHECK(gone.kind == Kind::unchecked);
    CHECK(gone.session == nullptr);
  }

  TEST_CASE("present_password: prefer_email_to_user makes the name the address as well") {
    PasswordWorld world;
    world.policy.password.email_is_user = true;
    CHECK(world.present("zoe", "secret").session->email == "zoe");
  }
}
