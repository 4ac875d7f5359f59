#include "session/bounded_record.hpp"

#include "base/secret.hpp"
#include "session/lifetime.hpp"
#include "session/record.hpp"

namespace gatelet::session {

bool has_extra_keys(const SessionSettings& settings) noexcept {
  return settings.write_extra_keys || settings.format == CookieFormat::native;
}

// Of what is in cookies nothing but the deny list, which is about sign-ins, can say that it is
// over.
bool keeps_sign_in(const SessionSettings& settings, const Session& session) noexcept {
  const bool is_denied_by_it = settings.keeps_both() && !session.ticket;
  return has_extra_keys(settings) || is_denied_by_it ||
         settings.max_lifetime != std::chrono::seconds(0);
}

Result<std::string> write_bounded_record(const SessionSettings& settings, const Session& session,
                                         bool tokens) {
  const bool extra_keys = has_extra_keys(settings);
  const bool sign_in = keeps_sign_in(settings, session);
  const bool last_use = settings.idle_timeout != std::chrono::seconds(0);
  auto record = write_record(session, {tokens, extra_keys, sign_in, last_use});
  if (record.size() <= settings.record_limit) return record;
  wipe(record);
  return Error{Status::session_invalid, "the session is larger than session_limit allows"};
}

Result<Session> read_bounded_record(const SessionSettings& settings, std::string_view record) {
  if (record.size() > settings.record_limit) {
    return Error{Status::session_invalid, "the record is larger than the limit of " +
                                              std::to_string(settings.record_limit) + " bytes"};
  }
  auto session = read_record(record);
  if (session) session->ends_at = ends_at(*session, settings);
  return session;
}

}  // namespace gatelet::session
