// An identity provider in process: discovery, authorization, token, userinfo and keys. It keeps the
// rules a real one keeps (one use of each code and refresh token, exact redirect_uri, PKCE, client
// authentication), counts what it was asked, and lies on request. Every secret it makes contains
// "canary".
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "http/call.hpp"
#include "http/form.hpp"
#include "oidc/provider.hpp"
#include "support/token_mint.hpp"

namespace gatelet::support {

class FakeProvider {
 public:
  FakeProvider();

  // The provider as a configuration describes it, and as it is once metadata and keys are known.
  std::shared_ptr<const oidc::Provider> configured() const;
  std::shared_ptr<const oidc::ProviderState> unknown() const;  // before the first fetch
  std::shared_ptr<const oidc::ProviderState> known(Instant at) const;

  // The person at the browser says yes: the authorization response's parameters, as a query.
  std::string approve(std::string_view authorization_url, Instant now);

  // Every call of the client.
  HttpReply answer(const HttpCall& call, Instant now);

  // A token for alice and this client, as a program would present it.
  std::string bearer_token(Instant now, const std::function<void(JsonText&)>& edit = {}) const;

  // A new signing key; the old one is gone.
  void rotate_key(std::string kid);

  // What to say differently. JSON members as text.
  std::function<void(JsonText&)> edit_id_token, edit_userinfo, edit_token_reply, edit_metadata;
  std::function<std::string(std::string)> replace_id_token;
  bool refresh_with_id_token = true;
  bool rotate_refresh_tokens = true;
  bool give_refresh_token = true;
  oidc::Provider settings;  // adjust before configured() or known()

  // What was asked.
  std::size_t num_token_requests = 0, num_refreshes = 0, num_userinfo = 0, num_jwks = 0,
              num_discoveries = 0;
  std::size_t num_reused = 0;  // codes and refresh tokens that came a second time
  std::map<std::string, std::string> last_authorization;
  HttpCall last_token_request;

 private:
  struct Grant {
    std::string redirect_uri, challenge, nonce;
    bool used = false;
  };

  HttpReply metadata() const;
  HttpReply token(const HttpCall& call, Instant now);
  HttpReply redeem(const http::Params& form, Instant now);
  HttpReply refresh(const http::Params& form, Instant now);
  HttpReply userinfo(const HttpCall& call);
  HttpReply tokens(std::string_view nonce, bool with_id_token, Instant now);
  bool is_our_client(const HttpCall& call, const http::Params& form) const;

  MintKey key_;
  std::map<std::string, Grant> codes_;
  std::map<std::string, bool> refresh_tokens_;  // token -> used
  std::string access_token_;
  std::size_t serial_ = 0;
};

}  // namespace gatelet::support
