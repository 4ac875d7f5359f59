#include "session/refresh_result.hpp"

#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/seal.hpp"
#include "session/bounded_record.hpp"
#include "session/cookie_budget.hpp"

namespace gatelet::session {
namespace {

using crypto::SealKey;

constexpr std::string_view salt = "gatelet refresh result v1";
constexpr std::size_t name_size = 16;

// One that is too large is shared without what may be left out, rather than not at all: another
// process would send the token that is used up.
Result<std::string> write_result(const SessionSettings& settings, const Session& session) {
  auto record = write_bounded_record(settings, session, true);
  if (record.ok() || record.error().status != Status::session_invalid) return record;
  return write_bounded_record(settings, without_spare_tokens(settings, session).session, true);
}

}  // namespace

Result<RefreshPlace> refresh_place(const SessionSettings& settings, const Session& session) {
  const auto& token = session.refresh_token;
  auto name = crypto::hkdf_sha256(token, salt, "name " + session.provider_id, name_size);
  if (!name) return std::move(name).error();
  auto seal = crypto::hkdf_sha256(token, salt, "seal " + session.provider_id, SealKey::key_size);
  if (!seal) return std::move(seal).error();
  return RefreshPlace{settings.cookie_name + "-refresh-" + to_hex(name->reveal()),
                      std::move(seal).value()};
}

std::string lock_key(const RefreshPlace& place) { return place.key + ".lock"; }

Result<std::string> seal_refresh_result(const SessionSettings& settings,
                                        const std::shared_ptr<const crypto::Gcm>& gcm,
                                        const RefreshPlace& place, const Session& session,
                                        Entropy& entropy) {
  const auto key = SealKey::make(place.seal, gcm);
  if (!key) return key.error();
  auto record = write_result(settings, session);
  if (!record) return record;
  std::string sealed;
  auto done = key->seal(place.key, *record, entropy, sealed);
  wipe(*record);
  if (!done) return std::move(done).error();
  return sealed;
}

Result<Session> open_refresh_result(const SessionSettings& settings,
                                    const std::shared_ptr<const crypto::Gcm>& gcm,
                                    const RefreshPlace& place, std::string sealed) {
  if (sealed.size() > settings.record_limit + SealKey::nonce_size + SealKey::tag_size) {
    return Error{Status::session_invalid, "the refresh result is larger than session_limit allows"};
  }
  const auto key = SealKey::make(place.seal, gcm);
  if (!key) return key.error();
  const auto record = key->open_in_place(place.key, sealed.data(), sealed.size());
  if (!record) return record.error();
  auto session = read_bounded_record(settings, *record);
  wipe(sealed);
  return session;
}

}  // namespace gatelet::session
