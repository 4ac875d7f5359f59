#include "session/bounded_record.hpp"

#include "base/secret.hpp"
#include "session/lifetime.hpp"
#include "session/record.hpp"

namespace gatelet::session {

Result<std::string> write_bounded_record(const SessionSettings& settings, const Session& session,
                                         bool tokens) {
  const bool extra_keys = settings.write_extra_keys || settings.format == CookieFormat::native;
  const bool sign_in = settings.max_lifetime != std::chrono::seconds(0);
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
