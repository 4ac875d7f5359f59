#include "policy/owned_request.hpp"

#include "base/secret.hpp"

namespace gatelet::policy {
namespace {

// Copies texts one after the other into a string that was given its room beforehand.
class Copier {
 public:
  explicit Copier(std::string& text) noexcept : text_(text) {}
  std::string_view operator()(std::string_view from) {
    const auto at = text_.size();
    text_.append(from);
    return std::string_view(text_).substr(at);
  }

 private:
  std::string& text_;
};

std::size_t text_size(const RequestView& request) noexcept {
  auto size = request.method.size() + request.scheme.size() + request.host.size() +
              request.target.size() + request.peer.size();
  for (const auto& field : request.headers) size += field.name.size() + field.value.size();
  return size + (request.body ? request.body->size() : 0);
}

std::size_t text_size(const RequestFacts& facts) noexcept {
  return facts.method.size() + facts.scheme.size() + facts.host.size() + facts.path.size() +
         facts.query.size() + facts.target.size() + facts.peer.size() + facts.own_path.size() +
         facts.own_query.size();
}

}  // namespace

std::shared_ptr<const OwnedRequest> OwnedRequest::copy(const RequestView& request,
                                                       const RequestFacts& facts) {
  auto owned = std::make_shared<OwnedRequest>(Private());
  owned->text_.reserve(text_size(request) + text_size(facts));
  owned->headers_.reserve(request.headers.size());
  Copier keep(owned->text_);

  auto& view = owned->view_;
  view.method = keep(request.method);
  view.scheme = keep(request.scheme);
  view.host = keep(request.host);
  view.target = keep(request.target);
  view.peer = keep(request.peer);
  for (const auto& field : request.headers) {
    const auto name = keep(field.name);
    owned->headers_.push_back({name, keep(field.value)});
  }
  view.headers = owned->headers_;
  if (request.body) view.body = keep(*request.body);

  // Facts may view a header or a literal: they get texts of their own.
  auto& copied = owned->facts_;
  copied.method = keep(facts.method);
  copied.scheme = keep(facts.scheme);
  copied.host = keep(facts.host);
  copied.path = keep(facts.path);
  copied.query = keep(facts.query);
  copied.target = keep(facts.target);
  copied.peer = keep(facts.peer);
  copied.own_path = keep(facts.own_path);
  copied.own_query = keep(facts.own_query);
  copied.via_trusted_proxy = facts.via_trusted_proxy;
  copied.headers = owned->headers_;
  copied.request = &owned->view_;
  copied.arrived = facts.arrived;
  return owned;
}

OwnedRequest::~OwnedRequest() { wipe(text_); }

}  // namespace gatelet::policy
