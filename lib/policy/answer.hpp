// Building a Decision: the one place where one is made.
//
// An Answer collects; finish() lays everything out in one allocation. Until then views given to it
// must stay valid; texts composed on the way stand in the Answer's own scratch space, which does
// not allocate for ordinary answers. It stays where it was made: neither copied nor moved.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/decision.hpp>

#include "session/session.hpp"

namespace gatelet::policy {

class Answer {
 public:
  // An allow, or an answer of our own; its kind follows the status. A status that is none of an
  // answer (outside 200 to 599) becomes 500.
  static Answer allow(Reason);
  static Answer own(int http_status, Reason);

  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer();  // wipes what was composed: it may hold a token

  // Fields. A name that is no token, or a value with control bytes, is left out, never emitted:
  // false then.
  bool strip(std::string_view name);
  bool upstream(std::string_view name, std::string_view value);
  bool response(std::string_view name, std::string_view value);

  // All values of a field as the application will get them, joined by ",": the client's unless they
  // are stripped, then ours.
  std::string upstream_value(std::string_view name, std::span<const HeaderView> client) const;
  void body(std::string_view text) noexcept { body_ = text; }
  // Whoever stands behind the request. Only an allow shows it; log lines name it anyway.
  void identity(std::shared_ptr<const session::Session> session) {
    if (session) identity_.emplace(std::move(session));
  }
  // More than the reason says, for logs: one line of our own words, no secret.
  void detail(std::string_view text) noexcept { detail_ = text; }

  // Adds Cache-Control: no-store and Vary: Cookie, once. Every own answer has them unless its
  // endpoint is cacheable.
  void no_store();

  // Texts made on the way, valid until the Answer ends: a copy, several pieces in a row, or piece
  // by piece with compose() until composed() takes the whole.
  std::string_view keep(std::string text);
  std::string_view join(std::initializer_list<std::string_view> pieces);
  void compose(std::string_view piece);
  std::string_view composed();

  // Person and detail of another answer.
  void behind(const Decision& other);

  // One allocation. Failure: std::bad_alloc only.
  Decision finish() &&;

 private:
  Answer(bool allow, int http_status, Reason reason) noexcept
      : allow_(allow), http_status_(http_status), reason_(reason) {}

  // The first entries stand in place, more of them overflow to the heap.
  class Fields {
   public:
    Fields() noexcept {}  // NOLINT(modernize-use-equals-default): the entries are left as they are
    void add(HeaderView field) {
      if (size_ < few) {
        new (in_place_.data() + size_) HeaderView(field);
      } else {
        add_more(field);
      }
      ++size_;
    }
    std::size_t size() const noexcept { return size_; }
    const HeaderView& operator[](std::size_t i) const noexcept {
      return i < few ? in_place_[i] : more_[i - few];
    }
    // Looks at the entries in place only, so that a flood of names stays cheap.
    bool has_name(std::string_view name) const noexcept;

   private:
    void add_more(HeaderView field);

    static constexpr std::size_t few = 16;
    union {
      std::array<HeaderView, few> in_place_;  // the first size_ of them are there
    };
    std::vector<HeaderView> more_;
    std::size_t size_ = 0;
  };

  static constexpr std::size_t scratch_size = 4096;

  bool allow_;
  bool says_no_store_ = false;
  int http_status_;
  Reason reason_;
  Fields strip_, upstream_, response_;
  std::string_view body_, detail_;
  std::optional<Identity> identity_;

  std::size_t done_ = 0;               // scratch that finished texts fill
  std::size_t used_ = 0;               // and the text under way
  std::unique_ptr<std::string> long_;  // the text under way once it outgrew the scratch space
  std::vector<std::unique_ptr<std::string>> kept_;
  std::array<char, scratch_size> scratch_;
};

// A 302 with no-store and Vary: Cookie. A location that cannot stand in a header (not printable
// ASCII, or empty), or a cookie that cannot, gives a bare 500 with Reason::internal_error. `who` is
// whom log lines name.
Decision redirect_to(std::string_view location, std::span<const std::string> set_cookies, Reason,
                     std::shared_ptr<const session::Session> who = nullptr);

}  // namespace gatelet::policy
