// Building a Decision: the one place where one is made.
//
// An Answer collects; finish() lays everything out in one allocation. Until then views given to it
// must stay valid; texts composed on the way are kept in the Answer's own scratch space, which does
// not allocate for ordinary answers.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/decision.hpp>

#include "session/session.hpp"

namespace gatelet::policy {

class Answer {
 public:
  // `http_status` 0 with kind allow; any other status for an own answer. Kind follows the status.
  static Answer allow(Reason);
  static Answer own(int http_status, Reason);

  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  Answer(Answer&&) = default;
  Answer& operator=(Answer&&) = default;

  // Values with control bytes are left out, never emitted (false then).
  bool strip(std::string_view name);
  bool upstream(std::string_view name, std::string_view value);
  bool response(std::string_view name, std::string_view value);
  void body(std::string_view text) { body_ = text; }
  void identity(std::shared_ptr<const session::Session> session) { identity_ = std::move(session); }

  // Keeps a composed text alive until finish(); the view it returns.
  std::string_view keep(std::string text);

  // Every own answer says Cache-Control: no-store and Vary: Cookie unless the endpoint is
  // cacheable.
  void no_store();

  Decision finish() &&;

 private:
  Answer() = default;

  // The first entries stand in place, more of them overflow to the heap.
  class Fields {
   public:
    void add(HeaderView field);
    std::size_t size() const noexcept { return size_; }
    const HeaderView& operator[](std::size_t i) const noexcept {
      return i < in_place.size() ? in_place[i] : more[i - in_place.size()];
    }

   private:
    static constexpr std::size_t few = 12;
    std::array<HeaderView, few> in_place{};
    std::vector<HeaderView> more;
    std::size_t size_ = 0;
  };

  bool allow_ = false;
  int http_status_ = 401;
  Reason reason_ = Reason::undecided;
  Fields strip_, upstream_, response_;
  std::string_view body_;
  std::shared_ptr<const session::Session> identity_;
  std::deque<std::string>* kept();
  std::unique_ptr<std::deque<std::string>> kept_;
};

}  // namespace gatelet::policy
