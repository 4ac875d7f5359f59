// Deciding one request from memory: plain functions. What they cannot answer they return as the
// work that is needed first; engine/core.cpp hands that to the driver. No file this one includes,
// by any way, belongs to io/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gatelet/decision.hpp>
#include <gatelet/engine.hpp>

#include "base/result.hpp"
#include "engine/presented.hpp"
#include "engine/question.hpp"
#include "flow/begin_login.hpp"
#include "flow/check_password.hpp"
#include "flow/check_ready.hpp"
#include "flow/finish_login.hpp"
#include "flow/load_session.hpp"
#include "flow/save_session.hpp"
#include "flow/sign_out.hpp"
#include "flow/verify_bearer.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::engine {

// The session must be renewed, then the request is concluded with what came of it.
struct NeedRefresh {
  // Data of the application that the renewed session is to keep.
  struct Data {
    std::string name, value;
  };
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const oidc::ProviderState> provider;
  policy::Endpoint endpoint;
  std::shared_ptr<const policy::OwnedRequest> request = nullptr;  // whose it is; null: nobody waits
  std::optional<Data> data = std::nullopt;
};
// The keys to verify a bearer token by must be fetched, then the request is concluded with what
// came of it.
struct NeedBearer {
  flow::VerifyBearer bearer;
  policy::Endpoint endpoint;
};
// What a form asked for besides.
struct FormWish {
  std::string user, return_to;
};
// A password must be compared with a hash that takes its time.
struct NeedPassword {
  flow::CheckPassword check;
  std::string attempt;  // the same one is checked once
  std::shared_ptr<const session::Session>
      session;                // of the person it would be; null: nobody's name
  policy::Endpoint endpoint;  // sign_in: of the form
  FormWish form;
};
// The store must be asked for the session behind these tickets; then the same is asked again, with
// what it said (Memory::loaded).
struct NeedLoad {
  std::vector<flow::SharedTicket> tickets;
  bool runs_to_end = false;  // whoever asked and went away wants it all the same
};
// The store must take a session with this data; then the request is concluded with what came of it.
struct NeedChange {
  flow::SharedTicket ticket;
  std::string name, value;
};
// Somebody signed in here, and the session must be kept.
struct NeedSave {
  flow::SaveSession save;
  std::string return_to;  // judged
};
// The store must be asked whether it is there.
struct NeedReady {
  flow::CheckReady check;
};
struct NeedMetadata {
  flow::BeginLogin login;
};
struct NeedRedeem {
  flow::FinishLogin login;
};
struct NeedSignOut {
  flow::SignOut sign_out;
};

using Verdict = std::variant<Decision, NeedLoad, NeedRefresh, NeedBearer, NeedPassword, NeedSave,
                             NeedReady, NeedMetadata, NeedRedeem, NeedSignOut, NeedChange>;

// Any request; the library's own endpoints by their path.
//   Failure: Status::need_body, no_entropy, internal. The same for the pieces.
Result<Verdict> decide(const Question& question);
Result<Verdict> begin_login(const Question& question, const LoginOptions& options);
Result<Verdict> sign_out(const Question& question, const SignOutOptions& options);

// Judges a callback as far as memory goes (decide_callback.cpp): its shape, its provider, the
// attempt of this browser it belongs to.
Result<Verdict> finish_login(const Question& question, std::string_view provider_id);

// What follows once the session is settled: the answer for whoever is there, or the way to sign in
// for nobody.
Result<Verdict> decide_presented(const Question& question, policy::Endpoint endpoint,
                                 const Presented& presented);

// The same once the host's hook has refused the session's new tokens: 403, unless everybody passes.
Verdict decide_vetoed(const Question& question, policy::Endpoint endpoint, const Error& why);

// The same once a bearer token was verified with keys that had to be fetched, or was not.
//   Failure: class unavailable and peer: whether the token is good is not known.
Result<Verdict> decide_verified(const Question& question, policy::Endpoint endpoint,
                                Result<session::Session> verified);

// The same once a password was compared, or could not be.
//   Failure: class unavailable: whether it is right is not known.
Result<Verdict> decide_checked(const Question& question, const NeedPassword& need,
                               const Result<bool>& matches);

// Who is behind the request; never refreshes, since nothing here could carry a new cookie away.
//   Failure: Status::store_unreachable: who it is is not known.
Result<std::variant<Identity, NeedLoad>> identify(const Question& question);

}  // namespace gatelet::engine
