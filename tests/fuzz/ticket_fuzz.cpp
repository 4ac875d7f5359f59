// Tickets under real keys. The first byte chooses: a Cookie field (nothing opens but what this
// target signed), a text that we sign (what opens is one of the two forms, letter by letter), bytes
// out of a store (nothing opens but what this target sealed), or a record that we seal (what opens
// reads the same when written again).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64url.hpp"
#include "require.hpp"
#include "session/record.hpp"
#include "session/refresh_result.hpp"
#include "session/signed_value.hpp"
#include "session/ticket.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

constexpr std::int64_t begin = 1767225600;
constexpr std::size_t limit = 4096;

SessionSettings settings_with(bool newest_of_duplicates) {
  SessionSettings settings;
  settings.cookie_name = "n";
  settings.format = CookieFormat::oauth2_proxy;
  settings.newest_of_duplicates = newest_of_duplicates;
  settings.record_limit = limit;
  return settings;
}

Session sample_session() {
  Session session;
  session.created_at = Timestamp{begin, 5};
  session.refresh_token = Secret("token");
  session.user = "jane";
  return session;
}

struct World {
  std::shared_ptr<const CookieKeys> keys =
      CookieKeys::make(Secret("0123456789!bcdef0123456789!bcdef")).value();
  crypto::Gcm gcm = crypto::Gcm::make().value();
  std::vector<Ticket> tickets;
  std::vector<std::string> values;  // of the tickets, in this order; the last in the older form
  std::string sealed;               // under the first ticket
  std::shared_ptr<const crypto::Gcm> shared_gcm =
      std::make_shared<const crypto::Gcm>(crypto::Gcm::make().value());
  RefreshPlace place;
  std::string result;  // of a refresh, there

  World() {
    support::SeededEntropy entropy;
    const auto settings = settings_with(true);
    for (int i = 0; i < 3; ++i) tickets.push_back(make_ticket(settings, entropy).value());
    for (const auto& ticket : tickets) {
      const auto line =
          write_ticket(settings, *keys, ticket, sample_session(), "app.example", {}, entropy)
              .value();
      values.push_back(line.front().substr(2, line.front().find(';') - 2));
    }
    values.back() =
        sign(tickets.back().id + "." + base64url::encode(tickets.back().secret.reveal()));
    sealed = seal_record(settings, gcm, tickets.front(), sample_session(), entropy).value();
    place = refresh_place(settings, sample_session()).value();
    result = seal_refresh_result(settings, shared_gcm, place, sample_session(), entropy).value();
  }

  std::string sign(std::string_view text) const {
    return write_signed(keys->mac(), "n", text, begin).value();
  }

  // Short words of the corpus stand for the long values, so that the fuzzer can use them.
  std::string expand(std::string_view text) const {
    std::string out;
    for (const char c : text) {
      if (c >= '\x01' && c <= '\x03') {
        out += values[static_cast<std::size_t>(c - 1)];
      } else {
        out.push_back(c);
      }
    }
    return out;
  }
};

Result<Ticket> open_whole(const World& world, std::string_view value) {
  SessionCookie cookie;
  cookie.whole = value;
  return open_ticket(settings_with(true), *world.keys, cookie, at_unix(begin + 60));
}

void check_field(const World& world, std::string_view text) {
  const auto field = world.expand(text);
  const HeaderView header{"Cookie", field};
  for (const bool newest : {true, false}) {
    const auto settings = settings_with(newest);
    const auto candidates = find_ticket_cookies(settings, {&header, 1});
    require(candidates.size() <= (newest ? 4 : 1));
    for (const auto& candidate : candidates) {
      require(candidate.joined.empty() && candidate.signed_name.empty());
      const auto ticket = open_ticket(settings, *world.keys, candidate, at_unix(begin + 60));
      const auto known = std::find(world.values.begin(), world.values.end(), candidate.whole);
      require(ticket.ok() == (known != world.values.end()));
      if (!ticket.ok()) {
        require(ticket.error().status == Status::session_invalid);
        continue;
      }
      const auto& wanted = world.tickets[static_cast<std::size_t>(known - world.values.begin())];
      require(ticket->id == wanted.id && ticket->secret == wanted.secret);
    }
    const auto cleared = clear_ticket(settings, "app.example", {&header, 1});
    require(cleared.size() <= 65 && cleared.front().starts_with("n=;"));
    for (const auto& line : cleared) {
      require(line.ends_with("=; Path=/; Max-Age=0; HttpOnly; Secure"));
      require(std::count(cleared.begin(), cleared.end(), line) == 1);
    }
  }
}

void check_text(const World& world, std::string_view text) {
  const auto ticket = open_whole(world, world.sign(text));
  if (!ticket.ok()) {
    require(ticket.error().status == Status::session_invalid);
    return;
  }
  require(is_ticket_id(settings_with(true), ticket->id) && ticket->id.size() == 34);
  const auto size = ticket->secret.size();
  require(size == 16 || size == 24 || size == 32);
  const auto secret = base64url::encode(ticket->secret.reveal());
  require(text == "v2." + base64url::encode(ticket->id) + "." + secret ||
          text == ticket->id + "." + secret);
}

void check_stored(const World& world, std::string_view bytes) {
  const auto settings = settings_with(true);
  const auto& ticket = world.tickets.front();
  const auto opened = open_record(settings, world.gcm, ticket, std::string(bytes));
  require(opened.ok() == (bytes == world.sealed));
  require(opened.ok() || opened.error().status == Status::session_invalid);

  auto changed = world.sealed;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    changed[i % changed.size()] = static_cast<char>(changed[i % changed.size()] ^ bytes[i]);
  const bool is_same = changed == world.sealed;
  require(open_record(settings, world.gcm, ticket, std::move(changed)).ok() == is_same);
  require(!open_record(settings, world.gcm, world.tickets.back(), world.sealed).ok());

  const auto result =
      open_refresh_result(settings, world.shared_gcm, world.place, std::string(bytes));
  require(result.ok() == (bytes == world.result));
  require(result.ok() || result.error().status == Status::session_invalid);
}

void check_record(const World& world, std::string_view record) {
  const auto settings = settings_with(true);
  const auto& ticket = world.tickets.front();
  std::string sealed("twelve bytes");
  require(world.gcm.seal(ticket.secret.reveal(), "twelve bytes", {}, record, sealed).ok());
  const auto session = open_record(settings, world.gcm, ticket, sealed);
  require(session.ok() == (record.size() <= limit && read_record(record).ok()));
  if (!session.ok()) {
    require(session.error().status == Status::session_invalid);
    return;
  }
  require(session->ends_at.has_value());
  support::SeededEntropy entropy;
  auto again = seal_record(settings, world.gcm, ticket, *session, entropy);
  if (!again.ok()) {  // times may take more room than they came in
    require(write_record(*session, {}).size() > limit);
    return;
  }
  const auto reread = open_record(settings, world.gcm, ticket, std::move(again).value());
  require(reread.ok() && write_record(*reread, {}) == write_record(*session, {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1,
                               std::min<std::size_t>(size - 1, 6000));
  switch (data[0] % 4) {
    case 0: check_field(world, input); break;
    case 1: check_text(world, input); break;
    case 2: check_stored(world, input); break;
    default: check_record(world, input); break;
  }
  return 0;
}
