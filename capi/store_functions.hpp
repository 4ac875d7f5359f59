// The functions of a host's store in C, as the SessionStore that the library takes.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gatelet/unstable/store.h>
#include <gatelet/store.hpp>

#include "guard.hpp"

namespace gatelet::capi {

class StoreFunctions final : public SessionStore {
 public:
  // Both functions are there.
  StoreFunctions(const gatelet_store& functions, User user)
      : functions_(functions), user_(std::move(user)) {}

  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<bool> write(const Write& write) override;

 private:
  const gatelet_store functions_;
  const User user_;
};

}  // namespace gatelet::capi
