#include "policy/answer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>

#include "base/secret.hpp"
#include "http/header.hpp"
#include "policy/request_id.hpp"

namespace gatelet::policy {

// One block: this, then three arrays of HeaderView, then all text.
struct DecisionData {
  Decision::Kind kind = Decision::Kind::unauthorized;
  Reason reason = Reason::undecided;
  int http_status = 401;
  std::span<HeaderView> strip, upstream, response;
  std::string_view body;
  std::string_view detail;
  std::optional<Identity> identity;
  std::span<char> text;
  std::size_t request_id_size = 0;
  std::array<char, max_request_id_size> request_id;
};

static_assert(alignof(DecisionData) >= alignof(HeaderView));
static_assert(sizeof(DecisionData) % alignof(HeaderView) == 0);

namespace {

Decision::Kind kind_of(int http_status) noexcept {
  if (http_status == 401) return Decision::Kind::unauthorized;
  if (http_status == 403) return Decision::Kind::forbidden;
  if (http_status >= 300 && http_status <= 399) return Decision::Kind::redirect;
  return Decision::Kind::respond;
}

// Takes the block apart again, front to back.
class Block {
 public:
  Block(char* fields, char* text) noexcept : fields_(fields), text_(text) {}

  std::string_view copy(std::string_view from) noexcept {
    if (from.empty()) return {};
    std::memcpy(text_, from.data(), from.size());
    const std::string_view copied(text_, from.size());
    text_ += from.size();
    return copied;
  }

  template <class Fields>
  std::span<HeaderView> copy_fields(const Fields& from) noexcept {
    auto* first = reinterpret_cast<HeaderView*>(fields_);
    for (std::size_t i = 0; i < from.size(); ++i) {
      new (fields_) HeaderView{copy(from[i].name), copy(from[i].value)};
      fields_ += sizeof(HeaderView);
    }
    return {first, from.size()};
  }

 private:
  char* fields_;
  char* text_;
};

template <class Fields>
std::size_t text_size(const Fields& fields) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    size += fields[i].name.size() + fields[i].value.size();
  }
  return size;
}

bool is_location(std::string_view text) noexcept {
  bool any = text.empty();
  for (const char c : text)
    any |= c <= ' ' || c > '~';  // char may be signed: 0x80 fails either way
  return !any;
}

}  // namespace

void Answer::Fields::add_more(HeaderView field) {
  if (more_.empty()) more_.reserve(few);
  more_.push_back(field);
}

bool Answer::Fields::has_name(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size_ && i < few; ++i) {
    if (http::equal_ignoring_case(in_place_[i].name, name)) return true;
  }
  return false;
}

Answer Answer::allow(Reason reason) { return Answer(true, 200, reason); }

Answer Answer::own(int http_status, Reason reason) {
  return Answer(false, http_status >= 200 && http_status <= 599 ? http_status : 500, reason);
}

Answer::~Answer() {
  wipe(scratch_.data(), used_);
  if (long_) wipe(*long_);
  for (const auto& text : kept_) wipe(*text);
}

bool Answer::strip(std::string_view name) {
  if (!http::is_token(name)) return false;
  if (!strip_.has_name(name)) strip_.add({name, {}});
  return true;
}

bool Answer::upstream(std::string_view name, std::string_view value) {
  if (!http::is_token(name) || !http::is_safe_value(value)) return false;
  upstream_.add({name, value});
  return true;
}

std::string Answer::upstream_value(std::string_view name,
                                   std::span<const HeaderView> client) const {
  std::string out;
  bool is_first = true;
  const auto add = [&](std::string_view value) {
    if (!std::exchange(is_first, false)) out += ',';
    out += value;
  };
  bool is_stripped = false;
  for (std::size_t i = 0; i < strip_.size(); ++i) {
    is_stripped = is_stripped || http::equal_ignoring_case(strip_[i].name, name);
  }
  for (const auto& field : client) {
    if (!is_stripped && http::equal_ignoring_case(field.name, name)) add(field.value);
  }
  for (std::size_t i = 0; i < upstream_.size(); ++i) {
    if (http::equal_ignoring_case(upstream_[i].name, name)) add(upstream_[i].value);
  }
  return out;
}

bool Answer::response(std::string_view name, std::string_view value) {
  if (!http::is_token(name) || !http::is_safe_value(value)) return false;
  response_.add({name, value});
  return true;
}

void Answer::no_store() {
  if (says_no_store_) return;
  says_no_store_ = true;
  response_.add({"Cache-Control", "no-store"});
  response_.add({"Vary", "Cookie"});
}

std::string_view Answer::keep(std::string text) {
  if (!long_ && used_ == done_ && text.size() <= scratch_.size() - done_) {
    const auto copied = join({text});
    wipe(text);
    return copied;
  }
  kept_.push_back(std::make_unique<std::string>(std::move(text)));
  return *kept_.back();
}

std::string_view Answer::join(std::initializer_list<std::string_view> pieces) {
  for (const auto piece : pieces) compose(piece);
  return composed();
}

void Answer::compose(std::string_view piece) {
  if (long_) {
    if (long_->capacity() - long_->size() < piece.size()) {
      auto larger = std::make_unique<std::string>();
      larger->reserve(2 * long_->size() + piece.size());  // by hand, so that the old one is wiped
      larger->append(*long_);
      wipe(*long_);
      long_ = std::move(larger);
    }
    long_->append(piece);
    return;
  }
  if (piece.empty()) return;
  if (piece.size() <= scratch_.size() - used_) {
    std::memcpy(scratch_.data() + used_, piece.data(), piece.size());
    used_ += piece.size();
    return;
  }
  long_ = std::make_unique<std::string>();
  long_->reserve(2 * scratch_size + piece.size());
  long_->append(scratch_.data() + done_, used_ - done_).append(piece);
  wipe(scratch_.data() + done_, used_ - done_);
  used_ = done_;
}

std::string_view Answer::composed() {
  if (long_) {
    kept_.push_back(std::move(long_));
    return *kept_.back();
  }
  const std::string_view text(scratch_.data() + done_, used_ - done_);
  done_ = used_;
  return text;
}

void Answer::behind(const Decision& other) {
  if (other.data() == nullptr) return;
  identity_ = other.data()->identity;
  detail_ = other.data()->detail;
}

Decision Answer::finish() && {
  const auto num_fields = strip_.size() + upstream_.size() + response_.size();
  const auto num_text = text_size(strip_) + text_size(upstream_) + text_size(response_) +
                        (allow_ ? 0 : body_.size()) + detail_.size();
  const auto head = sizeof(DecisionData) + num_fields * sizeof(HeaderView);
  auto* memory = static_cast<char*>(::operator new(head + num_text));
  auto* data = new (memory) DecisionData;

  Block block(memory + sizeof(DecisionData), memory + head);
  data->kind = allow_ ? Decision::Kind::allow : kind_of(http_status_);
  data->reason = reason_;
  data->http_status = http_status_;
  data->strip = block.copy_fields(strip_);
  data->upstream = block.copy_fields(upstream_);
  data->response = block.copy_fields(response_);
  if (!allow_) data->body = block.copy(body_);
  data->detail = block.copy(detail_);
  data->identity = std::move(identity_);
  data->text = {memory + head, num_text};
  return Decision(data);
}

Decision redirect_to(std::string_view location, std::span<const std::string> set_cookies,
                     Reason reason, std::shared_ptr<const session::Session> who) {
  auto answer = Answer::own(302, reason);
  answer.identity(std::move(who));
  bool sound = is_location(location) && answer.response("Location", location);
  answer.no_store();
  for (const auto& cookie : set_cookies) sound = answer.response("Set-Cookie", cookie) && sound;
  if (sound) return std::move(answer).finish();

  auto broken = Answer::own(500, Reason::internal_error);
  broken.no_store();
  return std::move(broken).finish();
}

}  // namespace gatelet::policy

namespace gatelet::inline GATELET_CXX_ABI {

void Decision::Free::operator()(policy::DecisionData* data) const noexcept {
  wipe(data->text.data(), data->text.size());  // tokens and cookies may stand there
  data->~DecisionData();
  ::operator delete(data);
}

Decision::Decision(policy::DecisionData* owned) noexcept : data_(owned) {}
Decision::Decision(Decision&&) noexcept = default;
Decision& Decision::operator=(Decision&&) noexcept = default;
Decision::~Decision() = default;

Decision::Kind Decision::kind() const noexcept { return data_ ? data_->kind : Kind::unauthorized; }

int Decision::http_status() const noexcept { return data_ ? data_->http_status : 401; }

std::string_view Decision::body() const noexcept {
  return data_ ? data_->body : std::string_view{};
}

std::span<const HeaderView> Decision::strip() const noexcept {
  if (!data_) return {};
  return data_->strip;
}

std::span<const HeaderView> Decision::upstream() const noexcept {
  if (!data_) return {};
  return data_->upstream;
}

std::span<const HeaderView> Decision::response() const noexcept {
  if (!data_) return {};
  return data_->response;
}

const Identity* Decision::identity() const noexcept {
  return data_ && data_->identity && kind() == Kind::allow ? &*data_->identity : nullptr;
}

std::string_view Decision::person() const noexcept {
  if (!data_ || !data_->identity) return {};
  const auto email = data_->identity->email();
  return email.empty() ? data_->identity->user() : email;
}

std::string_view Decision::detail() const noexcept {
  return data_ ? data_->detail : std::string_view{};
}

std::string_view Decision::request_id() const noexcept {
  if (!data_) return {};
  return {data_->request_id.data(), data_->request_id_size};
}

void Decision::name_request(std::string_view id) noexcept {
  if (!data_) return;
  data_->request_id_size = std::min(id.size(), data_->request_id.size());
  std::copy_n(id.begin(), data_->request_id_size, data_->request_id.begin());
}

Reason Decision::reason() const noexcept { return data_ ? data_->reason : Reason::undecided; }

}  // namespace gatelet::inline GATELET_CXX_ABI
