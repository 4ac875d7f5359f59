#include "flow/check_password.hpp"

namespace gatelet::flow {

Flow<bool> check_password(CheckPassword in) {
  if (const auto quick = in.hash->quick_match(in.password.reveal())) co_return *quick;
  PasswordCheck check(in.hash, std::move(in.password));
  auto checked = co_await std::move(check);
  co_return checked.matches;
}

}  // namespace gatelet::flow
