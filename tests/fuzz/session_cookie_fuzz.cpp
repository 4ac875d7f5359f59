// A Cookie field under real keys: a session comes out only of values this target sealed itself, and
// with what it put in. Finding, clearing and writing hold their promises for any field.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "require.hpp"
#include "session/cookie_session.hpp"
#include "session/cookie_split.hpp"
#include "session/record.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::int64_t begin = 1767225600;

SessionSettings settings_with(bool newest_of_duplicates) {
  SessionSettings settings;
  settings.cookie_name = "n";
  settings.format = CookieFormat::oauth2_proxy;
  settings.newest_of_duplicates = newest_of_duplicates;
  return settings;
}

Session sealed_session(bool is_large) {
  Session session;
  session.created_at = Timestamp{begin + is_large, 0};
  session.user = is_large ? "large" : "small";
  // Kept incompressible, so that it needs two parts.
  std::uint32_t state = 1;
  for (int i = 0; is_large && i < 6000; ++i) {
    state = state * 1664525 + 1013904223;
    session.preferred_username.push_back(static_cast<char>(state >> 24));
  }
  return session;
}

struct World {
  std::shared_ptr<const CookieKeys> keys =
      CookieKeys::make(Secret("0123456789!bcdef0123456789!bcdef")).value();
  std::vector<std::string> values;   // the good ones, joined
  std::vector<std::string> records;  // what each must open to
  std::string small, part0, part1;

  World() {
    for (const bool is_large : {false, true}) {
      support::SeededEntropy entropy(is_large);
      const auto session = sealed_session(is_large);
      const auto lines =
          write_session(settings_with(true), *keys, session, "app.example", {}, entropy).value();
      std::string joined;
      for (const auto& line : lines) {
        const auto pair = line.substr(0, line.find(';'));
        joined += pair.substr(pair.find('=') + 1);
        if (!is_large) small = pair;
        if (is_large) (part0.empty() ? part0 : part1) = pair;
      }
      values.push_back(joined);
      records.push_back(write_record(session, {}));
    }
  }

  // Short words of the corpus stand for the long values, so that the fuzzer can use them.
  std::string expand(std::string_view text) const {
    std::string out;
    for (const char c : text) {
      if (c == '\x01')
        out += small;
      else if (c == '\x02')
        out += part0;
      else if (c == '\x03')
        out += part1;
      else if (c == '\x04')
        out += small.substr(2);
      else
        out.push_back(c);
    }
    return out;
  }
};

void check_opened(const World& world, const SessionSettings& settings,
                  std::span<const HeaderView> headers) {
  const auto candidates = find_session_cookies(settings, headers);
  require(candidates.size() <= 4);
  require(settings.newest_of_duplicates || candidates.size() <= 1);
  for (const auto& candidate : candidates) {
    const auto opened = open_session(settings, *world.keys, candidate, at_unix(begin + 60));
    const auto known = std::find(world.values.begin(), world.values.end(), candidate.value());
    const bool is_ours = known != world.values.end() && candidate.signed_name.empty();
    require(opened.ok() == is_ours);
    if (!opened.ok()) {
      require(opened.error().status == Status::session_invalid);
      continue;
    }
    const auto which = static_cast<std::size_t>(known - world.values.begin());
    require(write_record(*opened, {}) == world.records[which]);
  }
}

void check_clearing(const SessionSettings& settings, std::span<const HeaderView> headers) {
  const auto cleared = clear_session(settings, "app.example", headers);
  require(cleared.size() <= 64);
  for (const auto& line : cleared) {
    require(line.ends_with("=; Path=/; Max-Age=0; HttpOnly; Secure"));
    const auto name = line.substr(0, line.find('='));
    require(is_cookie_or_part("n", name));
    require(name.find("csrf") == std::string::npos);
    require(std::count(cleared.begin(), cleared.end(), line) == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const auto field =
      world.expand({reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096)});
  const HeaderView header{"Cookie", field};
  for (const bool newest : {true, false}) {
    const auto settings = settings_with(newest);
    check_opened(world, settings, {&header, 1});
    check_clearing(settings, {&header, 1});
  }
  return 0;
}
