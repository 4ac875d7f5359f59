// A request that outlives its call: what an operation keeps of the RequestView it was asked about.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gatelet/request.hpp>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// Holds a copy of everything and views into it. Shared, immutable; the views stay valid as long as
// it lives.
class OwnedRequest {
  struct Private {
    explicit Private() = default;
  };

 public:
  // `facts` must be settled from `request`; the copy has equal facts of its own.
  static std::shared_ptr<const OwnedRequest> copy(const RequestView& request,
                                                  const RequestFacts& facts);
  explicit OwnedRequest(Private) noexcept {}
  ~OwnedRequest();  // wipes the copy: it holds cookies

  OwnedRequest(const OwnedRequest&) = delete;
  OwnedRequest& operator=(const OwnedRequest&) = delete;

  const RequestView& view() const noexcept { return view_; }
  const RequestFacts& facts() const noexcept { return facts_; }

 private:
  std::string text_;  // every text of the request, one after the other
  std::vector<HeaderView> headers_;
  RequestView view_;
  RequestFacts facts_;
};

}  // namespace gatelet::policy
