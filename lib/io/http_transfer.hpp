// One HttpCall on its way through libcurl: what libcurl is told of it, which of its wishes are
// refused, and what came of it in our words.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "http/call.hpp"
#include "io/peer_rule.hpp"

namespace gatelet::io {

struct HttpTransfer {
  // Why one of our own callbacks ended it.
  enum class Fault : std::uint8_t {
    none,
    body_too_large,
    header_too_large,
    private_address,
    no_descriptor,
  };

  HttpTransfer(HttpCall c, PeerRule r) : call(std::move(c)), rule(std::move(r)) {}
  HttpTransfer(const HttpTransfer&) = delete;  // libcurl knows its address
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Makes `easy`, ready to be carried out.
  //   Failure: Status::out_of_memory; Status::internal when libcurl does not take an option.
  Result<void> prepare(Duration idle_limit);

  // libcurl ended it with `code`. Failure: as HttpClient says.
  Result<HttpReply> result(CURLcode code);

  struct FreeEasy {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  };
  struct FreeFields {
    void operator()(curl_slist* list) const noexcept;  // wipes them: Authorization
  };

  const HttpCall call;
  const PeerRule rule;
  std::unique_ptr<curl_slist, FreeFields> fields;
  std::unique_ptr<CURL, FreeEasy> easy;  // null before prepare()
  std::string body;
  std::size_t header_size = 0;
  unsigned num_handshakes = 0;
  Fault fault = Fault::none;
};

}  // namespace gatelet::io
