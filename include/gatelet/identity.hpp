// An Identity is who stands behind a request, as the session knows it. Application code asks it
// instead of reading headers back.
//
// It shares ownership of the session it views: every text stays valid as long as the Identity or a
// copy of it lives. A default-constructed Identity is nobody: has_session() is false and every text
// is empty.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gatelet/version.hpp>

namespace gatelet::session {
struct Session;
}

namespace gatelet::inline GATELET_CXX_ABI {

class GATELET_API Identity {
 public:
  Identity() noexcept = default;
  explicit Identity(
      std::shared_ptr<const session::Session> session) noexcept;  // made by the library

  bool has_session() const noexcept { return session_ != nullptr; }

  std::string_view provider()
      const noexcept;  // the id of the provider that vouched: "default" for one without a name, as
                       // the only one is to sessions in oauth2-proxy's format; "htpasswd" for a
                       // password
  std::string_view subject()
      const noexcept;  // OpenID Connect `sub`; unique only within the provider
  std::string_view user()
      const noexcept;  // what user_id_claim chose; the subject unless configured
  std::string_view email() const noexcept;              // empty when the provider told none
  std::optional<bool> email_verified() const noexcept;  // empty when the provider did not say
  std::string_view preferred_username()
      const noexcept;  // a display name the person chose; never an identifier

  std::size_t num_groups() const noexcept;
  std::string_view group(std::size_t i) const noexcept;  // empty past the end
  bool groups_complete() const noexcept;  // false: the provider may know more groups than these

  // An additional claim of the session by name; a list or an object comes as JSON text. Empty when
  // absent.
  std::optional<std::string> claim(std::string_view name) const;

  // When the person signed in, and when the session ends at the latest. Empty when not known or not
  // limited.
  std::optional<std::chrono::sys_seconds> authenticated_at() const noexcept;
  std::optional<std::chrono::sys_seconds> session_ends() const noexcept;

  // What application code keeps in the session under this name (Engine::set_session_data): any
  // bytes. Empty when there is none.
  std::string_view data(std::string_view name) const noexcept;

  // Tokens, for calling the provider's APIs on the person's behalf. Empty when the session does not
  // keep them.
  std::string_view access_token() const noexcept;
  std::string_view id_token() const noexcept;

 private:
  std::shared_ptr<const session::Session> session_;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
