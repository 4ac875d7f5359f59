// Native cookie values under real keys. The first byte chooses: a text as it is, or one of our own
// values changed where the input says (nothing opens but what this target sealed, whole, for its
// purpose and name); or content that we seal (what opens is what went in, within the limit).
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.hpp"
#include "session/cookie_value.hpp"
#include "session/native_seal.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::int64_t begin = 1767225600;
constexpr std::size_t limit = 3000;
constexpr std::chrono::seconds hour{3600};
constexpr std::array purposes = {Purpose::session, Purpose::login_state, Purpose::sign_out_state};

const CookieKeys& keys() {
  static const std::vector<Secret> previous{Secret("another secret, as long as a key")};
  static const auto made = CookieKeys::make(Secret("0123456789!bcdef"), previous).value();
  return *made;
}

std::string seal(Purpose purpose, std::string_view content, std::int64_t seconds = begin) {
  support::SeededEntropy entropy(content.size());
  return keys().native().seal({purpose, "n"}, content, seconds, entropy).value();
}

// A plain one, a compressed one, one by the older key.
const std::array<std::string, 3>& values() {
  static const std::array<std::string, 3> all = [] {
    const auto older =
        KeyRing::make(std::array{Secret("another secret, as long as a key")}).value();
    support::SeededEntropy entropy;
    return std::array{seal(Purpose::session, "hello"),
                      seal(Purpose::session, std::string(500, 'h')),
                      older.seal({Purpose::session, "n"}, "older", begin, entropy).value()};
  }();
  return all;
}

Workspace& workspace() {
  static Workspace kept;
  return kept;
}

Result<OpenedValue> open(Purpose purpose, std::string_view name, std::string_view text) {
  return keys().native().open({purpose, name}, text, hour, at_unix(begin + 60), limit, workspace());
}

void check_text(std::string_view text) {
  const bool is_ours = std::find(values().begin(), values().end(), text) != values().end();
  for (const auto purpose : purposes) {
    const auto opened = open(purpose, "n", text);
    require(opened.ok() == (is_ours && purpose == Purpose::session));
    if (!opened.ok()) require(opened.error().status == Status::session_invalid);
  }
  require(!open(Purpose::session, "m", text).ok());
  (void)claimed_time(text);

  SessionSettings settings;
  settings.cookie_name = "n";
  settings.record_limit = limit;
  settings.accept_other_format = true;
  const CookieValue value{{Purpose::session, "n"}, text, hour};
  require(open_value(settings, keys(), value, at_unix(begin + 60), workspace()).ok() == is_ours);
}

// Pairs of place and letter are written over a value; an odd byte cuts its end off.
void check_changed(std::string_view input) {
  if (input.empty()) return;
  auto text = values()[static_cast<unsigned char>(input.front()) % values().size()];
  input.remove_prefix(1);
  for (; input.size() >= 2; input.remove_prefix(2))
    text[static_cast<unsigned char>(input[0]) % text.size()] = input[1];
  if (!input.empty()) text.resize(text.size() - static_cast<unsigned char>(input[0]) % text.size());
  check_text(text);
}

void check_content(std::string_view content) {
  for (const auto purpose : purposes) {
    const auto value = seal(purpose, content);
    require(value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_") == std::string::npos);
    require(claimed_time(value) == begin);
    const auto opened = open(purpose, "n", value);
    require(opened.ok() == (content.size() <= limit));
    if (opened.ok()) require(opened->content == content && opened->seconds == begin);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1,
                               std::min<std::size_t>(size - 1, 4096));
  switch (data[0] % 3) {
    case 0: check_text(input); break;
    case 1: check_changed(input); break;
    default: check_content(input);
  }
  return 0;
}
