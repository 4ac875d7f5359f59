#include "engine/file_watch.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <thread>

#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// A file of addresses that goes with the test.
class EmailsFile {
 public:
  explicit EmailsFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("gatelet-emails-" + std::to_string(getpid()))) {
    write(text);
  }
  ~EmailsFile() { std::filesystem::remove(path_); }
  // Whole or not at all, as editors do it.
  void write(const std::string& text) const {
    const auto next = path_.string() + ".next";
    std::ofstream(next) << text;
    std::filesystem::rename(next, path_);
  }
  void remove() const { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// A file in memory that says when it was written.
class OneFile final : public Files {
 public:
  std::string content, version = "1";
  bool read_throws = false, stamp_throws = false;
  Result<std::string> read(std::string_view, std::size_t) override {
    if (read_throws) throw std::runtime_error("canary");
    return content;
  }
  std::string stamp(std::string_view) override {
    if (stamp_throws) throw std::bad_alloc();
    return version;
  }
};

struct NoServices final : io::Services {
  void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)>) override {}
};

std::shared_ptr<const Snapshot> snapshot(std::uint64_t generation, std::string_view emails) {
  auto context = std::make_shared<flow::Context>();
  context->policy.email.from_file = true;
  context->policy.email.addresses =
      std::make_shared<const policy::EmailList>(policy::EmailList::parse(emails).value());
  auto made = std::make_shared<Snapshot>();
  made->generation = generation;
  made->emails_file = "emails";
  made->context = std::move(context);
  return made;
}

// Asks until the answer has this status; false when it does not come within ten seconds.
bool comes_to(Browser& browser, int http_status) {
  for (int i = 0; i < 200; ++i) {
    if (browser.get("/page").http_status() == http_status) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

bool told(Live& live, std::string_view code) {
  for (int i = 0; i < 200; ++i) {
    auto browser = live.browser();
    (void)browser.get("/page");
    if (live.has_event(code)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

// Somebody who watches it, and what the log is told.
struct Watched {
  const std::shared_ptr<OneFile> files = std::make_shared<OneFile>();
  SnapshotBox box{snapshot(1, "a@x.example")};
  std::vector<std::string> told;
  Events events{[this](const Event& event) { told.emplace_back(event.text); }};
  NoServices services;
  io::Driver driver{{}, default_ports().clock, services};
  FileWatch watch{box, files, events, driver};

  bool lets_in(std::string_view email) {
    return box.load()->context->policy.email.addresses->contains(email);
  }
};

}  // namespace

TEST_SUITE("engine/file_watch") {
  TEST_CASE("F-121: an address that is written into the file enters, one taken out is out") {
    const EmailsFile file("somebody@example.com\n");
    Live live({{"email_domains", "elsewhere.example"}, {"authenticated_emails_file", file.path()}});
    auto browser = live.browser();
    CHECK(browser.sign_in(live.provider).http_status() == 403);
    file.write("alice@example.com\n");
    // The sign-in was refused; the next one is judged by the new list.
    bool is_in = false;
    for (int i = 0; i < 100 && !is_in; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      auto fresh = live.browser();
      is_in = fresh.sign_in(live.provider).http_status() == 302;
      if (is_in) browser = fresh;
    }
    REQUIRE(is_in);
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
    file.write("# nobody\n");
    CHECK(comes_to(browser, 403));
  }

  TEST_CASE("a file that is gone or broken leaves the last good list, and an event") {
    const EmailsFile file("alice@example.com\n");
    Live live({{"email_domains", "elsewhere.example"}, {"authenticated_emails_file", file.path()}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
    file.remove();
    CHECK(told(live, "file-kept"));
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
    file.write("no address\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
    file.write("bob@example.com\n");
    CHECK(comes_to(browser, 403));
  }

  TEST_CASE("F-121: a file that is emptied lets nobody in, also before it was ever looked at") {
    const EmailsFile file("alice@example.com\n");
    Live live({{"email_domains", "elsewhere.example"}, {"authenticated_emails_file", file.path()}});
    file.write("");
    auto browser = live.browser();
    browser.sign_in(live.provider);
    CHECK(comes_to(browser, 403));
  }

  TEST_CASE("a port that throws has read nothing: the last good list counts, it is read again") {
    for (const bool in_stamp : {false, true}) {
      CAPTURE(in_stamp);
      Watched one;
      one.files->content = "b@x.example";
      (in_stamp ? one.files->stamp_throws : one.files->read_throws) = true;
      one.watch.look();
      one.watch.look();
      CHECK(one.lets_in("a@x.example"));
      one.events.drain();
      REQUIRE(one.told.size() == 1);
      CHECK(one.told[0].starts_with("authenticated_emails_file cannot be read: "));
      CHECK(one.told[0].find("canary") == std::string::npos);
      one.files->stamp_throws = one.files->read_throws = false;
      one.watch.look();
      CHECK(one.lets_in("b@x.example"));
    }
  }

  TEST_CASE(
      "F-121: a reload that read the file before it was written ends with what stands there") {
    Watched one;
    one.files->content = "b@x.example";
    one.watch.look();
    CHECK(one.lets_in("b@x.example"));
    CHECK_FALSE(one.lets_in("a@x.example"));
    one.box.store(
        snapshot(2, "a@x.example"));  // read before b was written, published after the look
    one.watch.look();
    CHECK(one.lets_in("b@x.example"));
    CHECK_FALSE(one.lets_in("a@x.example"));
    one.files->content.clear();
    one.files->version = "2";
    one.watch.look();
    CHECK_FALSE(one.lets_in("b@x.example"));
  }

  TEST_CASE("create: a file that cannot be read, or holds no addresses, is a problem like others") {
    const auto problem = [](const std::string& path) {
      auto engine =
          Engine::create(support::offline_settings({{"authenticated_emails_file", path}}));
      return engine.ok() ? "accepted" : engine.error().text;
    };
    CHECK(problem("/nonexistent/emails").starts_with("authenticated_emails_file: \"/nonexist"));
    const EmailsFile file("a@x.example\nnobody\n");
    CHECK(problem(file.path()).find("line 2 holds no address") != std::string::npos);
  }
}
