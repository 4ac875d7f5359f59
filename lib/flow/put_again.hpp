// New tokens that the session store did not take when they came.
#pragma once

#include <memory>
#include <utility>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/refresh_session.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class PutAgain {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const session::Session> old, renewed;
  bool is_over = false;  // the session was ended here meanwhile, and perhaps nobody else was told
  // For how long a store that does not take them is asked again and again; zero: once.
  Duration patience{0};
  explicit PutAgain(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Puts them into the session's record (put_renewed), or beside its cookies (share_renewed). Where
// the session was ended meanwhile it ends what that was renewed to instead: whoever ended it did
// not know of the one, or could not tell of it. Runs to its end, whoever goes away. False: it was
// ended; true: the tokens are there, or needed no longer.
//   Failure: as these; may_be_taken_later says whether it is worth another try.
Flow<bool> put_again(PutAgain in);

// Hands a renewed session that the store did not take to `on_not_put`, or goes on by itself where
// nobody takes it over.
Flow<bool> hand_over(RefreshSession in, std::shared_ptr<const session::Session> renewed);

// The store's trouble passes, and that of this process; a record that it can never hold does not.
inline bool may_be_taken_later(Status failure) noexcept {
  return failure != Status::session_invalid && failure != Status::session_too_large &&
         failure != Status::cancelled;
}

}  // namespace gatelet::flow
