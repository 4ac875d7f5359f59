// The engine with users of htpasswd_file before it: HTTP Basic, and the form of the sign-in page.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/base64.hpp"
#include "engine/live_engine.hpp"
#include "http/form.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr auto sha_of_secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
constexpr auto sha_of_other = "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=";
constexpr auto bcrypt_of_correct_horse =
    "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";

// A file of users that goes with the test: jane has a slow hash, zoe a quick one.
class UsersFile {
 public:
  UsersFile()
      : path_(std::filesystem::temp_directory_path() /
              ("gatelet-users-" + std::to_string(getpid()))) {
    write({{"jane", bcrypt_of_correct_horse}, {"zoe", sha_of_secret}});
  }
  ~UsersFile() { std::filesystem::remove(path_); }
  // Whole or not at all, as editors do it.
  void write(const Options& users) const {
    const auto next = path_.string() + ".next";
    {
      std::ofstream out(next);
      for (const auto& [name, hash] : users) out << name << ":" << hash << "\n";
    }
    std::filesystem::rename(next, path_);
  }
  Options options(const Options& more = {}) const {
    Options all = {{"htpasswd_file", path_.string()}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  std::filesystem::path path_;
};

std::string basic(std::string_view user, std::string_view password) {
  return "Basic " + base64::encode(std::string(user).append(":").append(password));
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Decision post(Live& live, const Pairs& fields, std::vector<HeaderView> headers = {}) {
  http::Form form;
  for (const auto& [name, value] : fields) form.add(name, value);
  auto view = request_to("/oauth2/sign_in");
  view.method = "POST";
  view.body = form.text();
  headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  view.headers = headers;
  CHECK(live.engine->body_limit(view) > 0);
  auto answer = wait_for(live.engine->decide(view));
  REQUIRE_MESSAGE(answer.ok(), answer.error().text);
  return std::move(answer).value();
}

Decision sign_in(Live& live, std::string_view user, std::string_view password) {
  return post(live, {{"username", std::string(user)},
                     {"password", std::string(password)},
                     {"rd", "/wanted?x=1"}});
}

bool is_put_out(Browser& browser) {
  for (int i = 0; i < 200; ++i) {
    if (browser.get("/page").kind() != Decision::Kind::allow) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

bool says(const Decision& answer, std::string_view text) {
  return answer.body().find(text) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("engine/engine: passwords") {
  TEST_CASE("F-033: the right password in HTTP Basic is a session, slow hash or quick") {
    const UsersFile file;
    Live live(file.options());
    for (int i = 0; i < 2; ++i) {  // computed, then remembered
      for (const auto& credential : {basic("jane", "correct horse"), basic("zoe", "secret")}) {
        const auto answer = ask(live, credential);
        CHECK(answer.kind() == Decision::Kind::allow);
        CHECK(answer.reason() == Reason::basic);
        CHECK(values_of(answer.response(), "Set-Cookie").empty());
        CHECK(value_of(answer.upstream(), "X-Forwarded-Email") == "<absent>");
        // The application does not see the password.
        CHECK(std::any_of(answer.strip().begin(), answer.strip().end(),
                          [](const auto& field) { return field.name == "Authorization"; }));
      }
    }
    CHECK(value_of(ask(live, basic("jane", "correct horse")).upstream(), "X-Forwarded-User") ==
          "jane");
    CHECK(value_of(ask(live, basic("zoe", "secret")).upstream(), "X-Forwarded-User") == "zoe");
  }

  TEST_CASE("F-033: anything else in HTTP Basic is 401, and a window to type it anew") {
    const UsersFile file;
    Live live(file.options());
    ask(live, basic("jane", "correct horse"));  // what is remembered is hers alone
    for (const auto& credential :
         {basic("jane", "correct horsE"), basic("jane", ""), basic("jane", "secret"),
          basic("Jane", "correct horse"), basic("", "correct horse"), basic("zoe", "Secret"),
          basic("zoe", "correct horse"), basic("nobody", "secret"), basic("jane\n", "x"),
          basic("", ""), std::string("Basic"), std::string("Basic !"), std::string("Basic eA=="),
          basic("zoe", "secret") + "A", std::string("basic ")}) {
      CAPTURE(credential);
      const auto answer = ask(live, credential);
      CHECK(answer.http_status() == 401);
      CHECK(answer.reason() == Reason::basic_rejected);
      CHECK(value_of(answer.response(), "WWW-Authenticate").starts_with("Basic realm="));
      CHECK(values_of(answer.response(), "Set-Cookie").empty());
    }
  }

  TEST_CASE("F-033: without the file HTTP Basic is nothing, and no body is read") {
    Live live;
    const auto answer = ask(live, basic("zoe", "secret"));
    CHECK(answer.kind() != Decision::Kind::allow);
    CHECK(answer.reason() != Reason::basic_rejected);
    auto view = request_to("/oauth2/sign_in");
    view.method = "POST";
    CHECK(live.engine->body_limit(view) == 0);
  }

  TEST_CASE("a wrong password is not rescued by a cookie, unless the settings say so") {
    const UsersFile file;
    for (const bool falls_through : {false, true}) {
      Live live(file.options({{"bearer_falls_through", falls_through ? "true" : "false"},
                              {"skip_provider_button", "true"}}));
      auto browser = live.browser();
      browser.sign_in(live.provider);
      for (const auto& credential : {basic("jane", "wrong"), basic("zoe", "wrong")}) {
        const auto answer = ask(live, credential, "/", browser.cookie_header());
        CHECK((answer.kind() == Decision::Kind::allow) == falls_through);
        CHECK(live.has_event("credential-ignored") == falls_through);
      }
      const auto jane = ask(live, basic("jane", "correct horse"), "/", browser.cookie_header());
      CHECK(value_of(jane.upstream(), "X-Forwarded-User") == "jane");
    }
  }

  TEST_CASE("a token comes before a password; what is no token is one") {
    const UsersFile file;
    Live live(file.options({{"skip_jwt_bearer_tokens", "true"}}));
    const auto token = live.provider.bearer_token();
    const auto by_token = ask(live, basic(token, "x-oauth-basic"));
    CHECK(by_token.reason() == Reason::bearer);
    CHECK(ask(live, basic("jane", "correct horse")).reason() == Reason::basic);
    CHECK(ask(live, "Bearer junk").reason() == Reason::bearer_rejected);
  }

  TEST_CASE("F-034: the groups of the settings; allowed_groups holds for these users as well") {
    const UsersFile file;
    const auto status = [&](const Options& more) {
      Live live(file.options(more));
      return ask(live, basic("zoe", "secret")).http_status();
    };
    CHECK(status({{"allowed_groups", "staff"}}) == 403);
    CHECK(status({{"allowed_groups", "staff"}, {"htpasswd_user_groups", "other"}}) == 403);
    Live live(file.options({{"allowed_groups", "staff"}, {"htpasswd_user_groups", "a,staff"}}));
    const auto answer = ask(live, basic("zoe", "secret"));
    CHECK(answer.kind() == Decision::Kind::allow);
    CHECK(value_of(answer.upstream(), "X-Forwarded-Groups") == "a,staff");
  }

  TEST_CASE("email_domains are for addresses: prefer_email_to_user makes the name one") {
    const UsersFile file;
    Live plain(file.options({{"email_domains", "example.com"}}));
    CHECK(ask(plain, basic("zoe", "secret")).kind() == Decision::Kind::allow);
    Live mail(file.options({{"email_domains", "example.com"}, {"prefer_email_to_user", "true"}}));
    CHECK(ask(mail, basic("zoe", "secret")).http_status() == 403);
  }

  TEST_CASE("F-006: the form: right 302 with a session, wrong 401, no user name 400") {
    const UsersFile file;
    Live live(file.options());
    for (const auto& [user, password] : Pairs{{"jane", "correct horse"}, {"zoe", "secret"}}) {
      auto browser = live.browser();
      const auto answer = browser.keep(sign_in(live, user, password));
      CHECK(answer.http_status() == 302);
      CHECK(answer.reason() == Reason::signed_in);
      CHECK(location_of(answer) == "/wanted?x=1");
      CHECK(answer.person() == user);
      REQUIRE(browser.has_session());
      const auto page = browser.get("/page");
      CHECK(page.kind() == Decision::Kind::allow);
      CHECK(page.reason() == Reason::session);
      CHECK(value_of(page.upstream(), "X-Forwarded-User") == user);
    }
    for (const auto& [user, password] :
         Pairs{{"jane", "correct horsE"}, {"zoe", ""}, {"<b>&", "x"}, {"Zoe", "secret"}}) {
      const auto answer = sign_in(live, user, password);
      CHECK(answer.http_status() == 401);
      CHECK(answer.reason() == Reason::password_wrong);
      CHECK(says(answer, "The user name or the password is wrong."));
      CHECK_FALSE(says(answer, "<b>"));
      CHECK(says(answer, "value=\"/wanted?x=1\""));
      CHECK(session_cookie_of(answer).find("Max-Age=0") == std::string::npos);
      CHECK(value_of(answer.response(), "WWW-Authenticate") == "<absent>");
    }
    const auto nobody = sign_in(live, "", "secret");
    CHECK(nobody.http_status() == 400);
    CHECK(says(nobody, "Please type your user name."));
  }

  TEST_CASE("the form: what was under way when it signed in anew says nothing of session cookies") {
    const UsersFile users;
    Live live(users.options({{"session_store_type", "memory"}}));
    const auto sign_in = [&](const std::string& cookie) {
      const auto answer =
          post(live, {{"username", "zoe"}, {"password", "secret"}}, {{"Cookie", cookie}});
      const auto set = session_cookie_of(answer);
      REQUIRE_FALSE(set.empty());
      return set.substr(0, set.find(';'));
    };
    const auto old = sign_in("a=1");
    const auto renewed = sign_in(old);
    CHECK(ask(live, "", "/page", renewed).kind() == Decision::Kind::allow);
    const auto answer = ask(live, "", "/page", old);
    CHECK(answer.kind() != Decision::Kind::allow);
    CHECK(session_cookie_of(answer).empty());
    live.clock->advance(std::chrono::seconds(60));
    CHECK(session_cookie_of(ask(live, "", "/page", old)).find("Max-Age=0") != std::string::npos);
  }

  TEST_CASE("the form: what a wrong password has expired is not set again by what was under way") {
    const UsersFile users;
    Live live(users.options({{"session_idle_timeout", "4m"}}));
    const auto set = session_cookie_of(sign_in(live, "zoe", "secret"));
    const auto old = set.substr(0, set.find(';'));
    live.clock->advance(std::chrono::seconds(61));  // a use is to be noted
    CHECK_FALSE(session_cookie_of(ask(live, "", "/page", old)).empty());
    const auto wrong = post(live, {{"username", "zoe"}, {"password", "x"}}, {{"Cookie", old}});
    CHECK(session_cookie_of(wrong).find("Max-Age=0") != std::string::npos);
    CHECK(session_cookie_of(ask(live, "", "/page", old)).empty());
  }

  TEST_CASE("the form: what is none, is broken or says a thing twice is 400") {
    const UsersFile file;
    Live live(file.options());
    const Pairs good = {{"username", "zoe"}, {"password", "secret"}};
    CHECK(post(live, good).http_status() == 302);
    CHECK(post(live, {{"username", "zoe"}, {"username", "jane"}, {"password", "secret"}})
              .http_status() == 400);
    CHECK(post(live, good, {{"Content-Type", "application/x-www-form-urlencoded"}}).http_status() ==
          400);
    auto view = request_to("/oauth2/sign_in");
    view.method = "POST";
    view.body = "username=zoe&password=secret";
    const std::vector<HeaderView> json = {{"Content-Type", "application/json"}};
    view.headers = json;
    CHECK(wait_for(live.engine->decide(view))->http_status() == 400);
    view.body = {};
    const auto unfinished = live.engine->decide(view);
    REQUIRE_FALSE(unfinished.ok());
    CHECK(unfinished.error().status == Status::need_body);
  }

  TEST_CASE("the form: another site's form signs nobody in") {
    const UsersFile file;
    Live live(file.options());
    const Pairs good = {{"username", "zoe"}, {"password", "secret"}};
    for (const HeaderView& from :
         {HeaderView{"Sec-Fetch-Site", "cross-site"}, HeaderView{"Origin", "https://evil.example"},
          HeaderView{"Origin", "null"}}) {
      const auto answer = post(live, good, {from});
      CHECK(answer.http_status() == 200);
      CHECK(answer.reason() == Reason::sign_in_page);
      CHECK(session_cookie_of(answer).empty());
    }
    CHECK(post(live, good, {{"Origin", "https://app.example"}}).http_status() == 302);
  }

  TEST_CASE("the form: it leads to no other site") {
    const UsersFile file;
    Live live(file.options());
    const auto answer =
        post(live, {{"username", "zoe"}, {"password", "secret"}, {"rd", "https://evil.example/"}});
    CHECK(answer.http_status() == 302);
    CHECK(location_of(answer) == "/");
  }

  TEST_CASE("F-034: the sign-in page shows the form unless it is hidden") {
    const UsersFile file;
    for (const bool shown : {true, false}) {
      Live live(file.options({{"display_htpasswd_form", shown ? "true" : "false"},
                              {"skip_provider_button", "false"}}));
      auto browser = live.browser();
      const auto page = browser.get("/page?x=1");
      CHECK(page.http_status() == 403);
      CHECK(says(page, "name=\"password\"") == shown);
      CHECK(sign_in(live, "zoe", "secret").http_status() == 302);  // hidden is not off
    }
    Live live(file.options());  // two ways to sign in: the page is shown although nobody asked
    auto browser = live.browser();
    CHECK(browser.get("/page").http_status() == 403);
  }

  TEST_CASE("with skip_provider_button anything but a right password leads to the provider") {
    const UsersFile file;
    Live live(file.options({{"skip_provider_button", "true"}}));
    for (const auto* password : {"wrong", "correct horse"}) {
      const auto answer = sign_in(live, "jane", password);
      CHECK(answer.http_status() == 302);
      CHECK((answer.reason() == Reason::login_started) == (std::string(password) == "wrong"));
    }
  }

  TEST_CASE("F-033: an edit of the file counts, for those who are in as well") {
    const UsersFile file;
    Live live(file.options());
    auto jane = live.browser(), zoe = live.browser();
    jane.keep(sign_in(live, "jane", "correct horse"));
    zoe.keep(sign_in(live, "zoe", "secret"));
    CHECK(jane.get("/page").kind() == Decision::Kind::allow);
    CHECK(ask(live, basic("jane", "correct horse")).kind() == Decision::Kind::allow);
    // Jane is taken out, zoe gets another password.
    file.write({{"zoe", sha_of_other}, {"ada", sha_of_secret}});
    CHECK(is_put_out(jane));
    CHECK(is_put_out(zoe));
    CHECK(ask(live, basic("jane", "correct horse")).http_status() == 401);
    CHECK(ask(live, basic("zoe", "secret")).http_status() == 401);
    CHECK(ask(live, basic("zoe", "other")).kind() == Decision::Kind::allow);
    CHECK(ask(live, basic("ada", "secret")).kind() == Decision::Kind::allow);
    file.write({});
    for (int i = 0; i < 200 && ask(live, basic("ada", "secret")).http_status() != 401; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK(ask(live, basic("ada", "secret")).http_status() == 401);
  }

  TEST_CASE(
      "a file that breaks leaves the last good users, and an event without what stands there") {
    const UsersFile file;
    Live live(file.options());
    CHECK(ask(live, basic("zoe", "secret")).kind() == Decision::Kind::allow);
    file.write({{"zoe", "canary"}});
    for (int i = 0; i < 200 && !live.has_event("file-kept"); ++i) {
      ask(live, basic("zoe", "secret"));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK(live.has_event("file-kept"));
    CHECK(ask(live, basic("zoe", "secret")).kind() == Decision::Kind::allow);
    for (const auto& event : live.events) CHECK(event.find("canary") == std::string::npos);
  }

  TEST_CASE("a session of the form ends here when it is signed out, not at the provider") {
    const UsersFile file;
    Live live(file.options({{"end_session", "true"}}));
    auto browser = live.browser();
    browser.keep(sign_in(live, "zoe", "secret"));
    const auto answer = browser.get("/oauth2/sign_out");
    CHECK(answer.reason() == Reason::signed_out);
    CHECK(location_of(answer).starts_with("/"));
    CHECK_FALSE(browser.has_session());
  }

  TEST_CASE(
      "a user of the file who knows an old session's cookie: it counts in its settings only") {
    const UsersFile file;
    Live with_file(file.options()), without;
    auto browser = with_file.browser();
    browser.keep(sign_in(with_file, "zoe", "secret"));
    const auto cookie = browser.cookie_header();
    auto view = request_to("/page");
    const std::vector<HeaderView> headers = {{"Cookie", cookie}};
    view.headers = headers;
    CHECK(wait_for(with_file.engine->decide(view))->kind() == Decision::Kind::allow);
    CHECK(wait_for(without.engine->decide(view))->kind() != Decision::Kind::allow);
  }

  TEST_CASE("create: a file that is missing, empty or broken is a problem like others") {
    const auto problem = [](const std::string& path) {
      auto engine = Engine::create(support::offline_settings({{"htpasswd_file", path}}));
      return engine.ok() ? "accepted" : engine.error().text;
    };
    CHECK(problem("/nonexistent/users").starts_with("htpasswd_file: \"/nonexistent/users\""));
    const UsersFile file;
    const auto path = file.options().front().second;
    CHECK(problem(path) == "accepted");
    file.write({});
    CHECK(problem(path).find("holds no user") != std::string::npos);
    file.write({{"zoe", sha_of_secret}, {"jane", "canary"}});
    CHECK(problem(path).find("line 2 has a password that") != std::string::npos);
    CHECK(problem(path).find("canary") == std::string::npos);
  }

  TEST_CASE(
      "many at once: the same password is computed once, and more than may wait are told so") {
    const UsersFile file;
    Live live(file.options());
    const auto credential = basic("jane", "wrong");
    std::vector<Outcome<Decision>> outcomes;
    for (int i = 0; i < 200; ++i) {
      const std::vector<HeaderView> headers = {{"Authorization", credential}};
      auto view = request_to("/api");
      view.headers = headers;
      outcomes.push_back(live.engine->decide(view));
    }
    for (auto& outcome : outcomes) {
      const auto answer = wait_for(std::move(outcome));
      REQUIRE(answer.ok());
      CHECK(answer->http_status() == 401);
    }
  }

  TEST_CASE("F-258: the form is a sign-in: the host is asked, and refuses; HTTP Basic is none") {
    const UsersFile file;
    for (const auto* user : {"zoe", "jane"}) {  // a quick hash, a slow one
      for (const auto veto_at : {SessionEvent::Moment::authenticated, SessionEvent::Moment::created,
                                 SessionEvent::Moment::ended}) {
        std::vector<SessionEvent> told;
        const SessionHook hook = [&](const SessionEvent& event) -> Result<void> {
          told.push_back(event);
          if (event.moment != veto_at) return {};
          return Error{Status::vetoed, "not now"};
        };
        Live live(file.options(), {hook, hook, hook, hook});
        const auto password = user == std::string_view("zoe") ? "secret" : "correct horse";
        CHECK(ask(live, basic(user, password)).kind() == Decision::Kind::allow);
        CHECK(told.empty());

        const auto answer = sign_in(live, user, password);
        const bool is_in = veto_at == SessionEvent::Moment::ended;
        CHECK(answer.http_status() == (is_in ? 302 : 403));
        CHECK(answer.reason() == (is_in ? Reason::signed_in : Reason::vetoed));
        CHECK(session_cookie_of(answer).empty() != is_in);
        CHECK(told.size() == (veto_at == SessionEvent::Moment::authenticated ? 1 : 2));
        CHECK(told[0].identity.user() == user);
        CHECK(told[0].provider.empty());
        told.clear();
        CHECK(sign_in(live, user, "wrong").http_status() == 401);
        CHECK(told.empty());
      }
    }
  }
}
