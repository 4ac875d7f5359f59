// Changing a session in a store beside others that do the same.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "flow/stored_record.hpp"

namespace gatelet::flow {

class ChangeStored {
 public:
  // The session as it is to be; nullopt: it is as it should be. Called anew for each try.
  using Change = std::function<Result<std::optional<session::Session>>(const session::Session&)>;

  std::shared_ptr<const Context> context;
  SharedTicket ticket;
  Instant at{};  // the request's, by which the session is judged
  Change change;
  explicit ChangeStored(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Reads the record, changes it and puts it back, where it is still what was read; else from the
// beginning, sixteen times at most. So nobody's change beside it is lost, and a session that was
// ended meanwhile is not brought back.
//   The session as the store has it then; null: there is none any more, or it is over.
//   Failure: Status::store_unreachable: whether it was changed is not known; others kept changing
//   it,
//            and it was not. Those of `change`, and of session::seal_record; nothing changed then.
Flow<SharedSession> change_stored_session(ChangeStored in);

// The change that notes a use at `at` (session_idle_timeout), where none was noted for a while.
ChangeStored::Change noting_use(std::shared_ptr<const Context> context, Instant at);

// The change that keeps `value` under `name` in a session (session/host_data.hpp).
ChangeStored::Change setting_data(std::shared_ptr<const Context> context, std::string name,
                                  std::string value, Instant at);

}  // namespace gatelet::flow
