#include "io/inbox.hpp"

#include <doctest/doctest.h>

#include "io/http_client.hpp"
#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

Submission submission() {
  return {std::make_unique<ScriptedTask>(std::deque<flow::Effect>{}, [](Result<flow::Outcome>) {}),
          flow::Effect(flow::Delay(1s)), nullptr};
}

}  // namespace

TEST_SUITE("io/inbox") {
  TEST_CASE("take: everything at once, in order") {
    Inbox inbox;
    CHECK_FALSE(inbox.push(EffectAnswer{1, Error{}}));
    CHECK_FALSE(inbox.push(submission()));

    const auto items = inbox.take();

    REQUIRE(items.size() == 2);
    CHECK(std::get<EffectAnswer>(items[0]).flight == 1);
    CHECK(inbox.is_empty());
  }

  TEST_CASE("refuse_tasks: new work comes back, answers and cancellations are taken") {
    Inbox inbox;
    inbox.refuse_tasks();

    const auto refused = inbox.push(submission());
    REQUIRE(refused);
    CHECK(std::get<Submission>(*refused).task != nullptr);
    CHECK(inbox.push(DelayedWork{}));
    CHECK_FALSE(inbox.push(EffectAnswer{1, Error{}}));
    CHECK_FALSE(inbox.push(Cancellation{}));
  }

  TEST_CASE("close: gives what was left, and takes nothing more") {
    Inbox inbox;
    inbox.push(submission());

    CHECK(inbox.close().size() == 1);
    CHECK(inbox.push(EffectAnswer{1, Error{}}));
    CHECK(inbox.push(submission()));
    inbox.wake();  // nobody is there, and that is all right
    CHECK(inbox.is_empty());
  }

  TEST_CASE("push: wakes the loop out of its wait") {
    Inbox inbox;
    auto client = HttpClient::create({}).value();
    inbox.open(*client);

    inbox.push(submission());
    client->wait(1h);  // would not return
    inbox.take();
    inbox.push(submission());
    client->wait(1h);

    inbox.close();
  }
}
