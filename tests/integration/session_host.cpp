// A host whose process may be killed at any moment: session_host NAME=VALUE..., an engine with
// these settings. It says "ready", then answers each line of its standard input by one:
//   get NAME COOKIES             allow VALUE, or the status of the answer
//   set NAME VALUE COOKIES       allow NAME=VALUE of each cookie in the answer, or its status
//   list SUBJECT                 ok HANDLE...
//   revoke_session SUBJECT HANDLE, revoke_sessions SUBJECT, revoke_others SUBJECT COOKIES
//                                ok HANDLE... of those that were ended
//   anything that fails          error TEXT
#include <gatelet/gatelet.hpp>

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

template <class T>
gatelet::Result<T> settled(gatelet::Outcome<T> outcome) {
  if (!outcome.ok()) return std::move(outcome).error();
  if (auto* at_once = std::get_if<T>(&*outcome)) return std::move(*at_once);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  return std::get<gatelet::Operation<T>>(*outcome).wait(limit);
}

struct Words {
  std::string command, first, second, rest;

  explicit Words(const std::string& line) {
    std::istringstream in(line);
    in >> command >> first;
    if (command == "set" || command == "revoke_session") in >> second;
    std::getline(in >> std::ws, rest);
  }
};

gatelet::RequestView page(const std::vector<gatelet::HeaderView>& headers) {
  gatelet::RequestView view;
  view.method = "GET";
  view.scheme = "http";
  view.host = "app.example";
  view.target = "/page";
  view.peer = "203.0.113.7";
  view.headers = headers;
  return view;
}

std::string told(const gatelet::Error& error) { return "error " + error.text; }

std::string told(const gatelet::Result<gatelet::Sessions>& sessions) {
  if (!sessions.ok()) return told(sessions.error());
  std::string said = "ok";
  for (const auto& one : *sessions) said += " " + one.handle;
  return said;
}

std::string told(const gatelet::Result<gatelet::Decision>& answer, const std::string& data) {
  if (!answer.ok()) return told(answer.error());
  if (answer->kind() != gatelet::Decision::Kind::allow) {
    return std::to_string(answer->http_status());
  }
  std::string said = "allow";
  if (!data.empty()) said.append(" ").append(answer->identity()->data(data));
  for (const auto& field : answer->response()) {
    if (data.empty() && field.name == "Set-Cookie") {
      said.append(" ").append(field.value.substr(0, field.value.find(';')));
    }
  }
  return said;
}

std::string answer(const gatelet::Engine& engine, const Words& words) {
  // As a program asks, which is sent to no provider.
  const std::vector<gatelet::HeaderView> headers = {{"Cookie", words.rest},
                                                    {"Accept", "application/json"}};
  const auto request = page(headers);
  const gatelet::Person person{{}, words.first};
  if (words.command == "get") return told(settled(engine.decide(request)), words.first);
  if (words.command == "set") {
    return told(settled(engine.set_session_data(request, words.first, words.second)), {});
  }
  if (words.command == "list") return told(settled(engine.list_sessions(person)));
  if (words.command == "revoke_session") {
    return told(settled(engine.revoke_session(person, words.second)));
  }
  if (words.command == "revoke_sessions") return told(settled(engine.revoke_sessions(person)));
  if (words.command == "revoke_others") {
    return told(settled(engine.revoke_sessions(person, &request)));
  }
  return "error no such command";
}

}  // namespace

int main(int argc, char** argv) {
  gatelet::Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view given = argv[i];
    const auto set =
        settings.set(given.substr(0, given.find('=')), given.substr(given.find('=') + 1));
    if (!set.ok()) return std::cerr << set.error().text << '\n', 2;
  }
  const auto engine = gatelet::Engine::create(settings);
  if (!engine.ok()) return std::cerr << engine.error().text << '\n', 1;
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(**engine, Words(line)) << std::endl;
  }
}
