// The list of everything wrong with a configuration, in the order of the option table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/options.hpp"

namespace gatelet::config {

// One of the configured providers; the first is number 0. Engine options have no provider.
struct ProviderName {
  std::string id = "default";
  std::size_t number = 0;
};

// The option's full name: "client_id", or "providers.corp.client_id".
std::string full_key(Row row, const ProviderName& provider);

class Problems {
 public:
  // `text` says what came and what to write; the name is put before it.
  void add(Row row, const std::string& text, Status status = Status::invalid_value);
  void add(const ProviderName& provider, Row row, const std::string& text,
           Status status = Status::invalid_value);

  // What is wrong with no option of the table stands before everything else.
  void add_first(Error error) { first_.push_back(std::move(error)); }

  bool empty() const noexcept { return first_.empty() && found_.empty(); }
  bool has(Row row, std::size_t provider_number = 0) const noexcept;  // something was said of it
  std::vector<Error> in_order() const;

 private:
  struct Problem {
    Row row;
    std::size_t provider_number;
    Error error;
  };
  std::vector<Error> first_;
  std::vector<Problem> found_;
};

}  // namespace gatelet::config
