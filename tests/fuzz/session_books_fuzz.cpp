// What a store gives for an index of sessions or the deny list, opened with real keys: bytes that
// were not sealed here are refused; sealed content of any kind is read within its caps, and what is
// read is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "require.hpp"
#include "session/deny_list.hpp"
#include "session/native_seal.hpp"
#include "session/session_index.hpp"
#include "session/ticket.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

const Instant now = at_unix(1767225600);

void check_index(const CookieKeys& keys, std::string_view record) {
  const auto opened = open_index(keys, "key", record, now);
  if (!opened.ok()) return;
  require(opened->size() <= max_index_entries);
  support::SeededEntropy entropy;
  const auto again = seal_index(keys, "key", *opened, now, entropy).value();
  require(open_index(keys, "key", again, now).value() == *opened);
}

void check_deny_list(const CookieKeys& keys, std::string_view record) {
  const auto opened = open_deny_list(keys, "key", record, now);
  if (!opened.ok()) return;
  require(opened->denials().size() <= DenyList::max_denials);
  for (const auto& one : opened->denials()) {
    Session session;
    session.user = one.subject.id;
    session.provider_id = one.subject.provider;
    session.signed_in_at = one.until;
    if (one.subject.provider.empty() || one.subject.provider == "default") continue;
    // A kept ticket keeps the session of that ticket and no cookie session of the same moment.
    require(opened->covers(session) == (!one.kept_ticket.empty() || one.kept_sign_in != one.until));
    Ticket ticket;
    ticket.id = "ticket";
    session.ticket = std::make_shared<const Ticket>(std::move(ticket));
    require(opened->covers(session) == (one.kept_ticket != "ticket"));
  }
  support::SeededEntropy entropy;
  const auto again = seal_deny_list(keys, "key", 0, *opened, now, entropy).value();
  require(open_deny_list(keys, "key", again, now).value().denials() == opened->denials());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto keys = CookieKeys::make(Secret("0123456789!bcdef0123456789!bcdef")).value();
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  require(!open_index(*keys, "key", input, now).ok());
  require(!open_deny_list(*keys, "key", input, now).ok());

  support::SeededEntropy entropy;
  const auto sealed = [&](Purpose purpose) {
    return keys->native().seal({purpose, "key"}, input, now.unix_seconds(), entropy).value();
  };
  check_index(*keys, sealed(Purpose::session_index));
  check_deny_list(*keys, sealed(Purpose::deny_list));
  require(!open_index(*keys, "key", sealed(Purpose::deny_list), now).ok());
  require(!open_deny_list(*keys, "key", sealed(Purpose::session_index), now).ok());
  return 0;
}
