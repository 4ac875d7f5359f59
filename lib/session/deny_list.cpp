#include "session/deny_list.hpp"

#include <algorithm>
#include <utility>

#include "session/book_fields.hpp"
#include "session/native_seal.hpp"
#include "session/ticket.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t num_fields = 6;
constexpr std::string_view key_mark = "-denied-";
constexpr std::size_t max_list_size = 16 * 1024 * 1024;  // of the opened bytes
constexpr std::size_t max_record_size = 1023 * 1024;     // what every store takes
static_assert(DenyList::max_denials <= msgpack::max_elements, "one list holds all");

DenyList::Key key_of(const Denial& denial) noexcept {
  return {denial.subject.provider, denial.subject.id};
}

bool may_be_forgotten(const Denial& denial, Timestamp now) noexcept {
  return denial.forget_at && *denial.forget_at <= now;
}

bool is_before(const Denial& a, const DenyList::Key& b) noexcept { return key_of(a) < b; }

Error is_full() {
  return {
      Status::invalid_state,
      "the deny list is full: it holds no more people until the first of them may be forgotten"};
}

bool keeps_something(const Denial& denial) noexcept {
  return !denial.kept_ticket.empty() || denial.kept_sign_in;
}

void keep_nothing(Denial& denial) noexcept {
  denial.kept_ticket.clear();
  denial.kept_sign_in.reset();
}

bool keep_the_same(const Denial& a, const Denial& b) noexcept {
  if (a.kept_ticket != b.kept_ticket) return false;
  return !a.kept_ticket.empty() || a.kept_sign_in == b.kept_sign_in;
}

// Whether what the later of two keeps was not ended by the earlier one.
bool may_keep(const Denial& later, const Denial& earlier) noexcept {
  if (!keeps_something(later) || keep_the_same(later, earlier)) return true;
  return later.kept_sign_in && *later.kept_sign_in > earlier.until;
}

bool is_kept(const Session& session, const Denial& denial) noexcept {
  if (session.ticket) return denial.kept_ticket == session.ticket->id;
  return denial.kept_ticket.empty() && denial.kept_sign_in == signed_in_at(session);
}

bool read_denial(msgpack::Reader& reader, Denial& out) {
  std::size_t num = 0;
  if (!reader.read_array(num) || num != num_fields || !read_text(reader, out.subject.provider) ||
      !read_text(reader, out.subject.id) || !read_time(reader, out.until)) {
    return false;
  }
  return read_time(reader, out.forget_at) && read_text(reader, out.kept_ticket) &&
         read_time(reader, out.kept_sign_in);
}

}  // namespace

DenyList::DenyList(std::vector<Denial> denials) : denials_(std::move(denials)) {
  std::stable_sort(denials_.begin(), denials_.end(), [](const Denial& a, const Denial& b) {
    return key_of(a) != key_of(b) ? key_of(a) < key_of(b) : a.until > b.until;
  });
  std::size_t num = 0;
  for (auto& one : denials_) {
    if (num > 0 && key_of(denials_[num - 1]) == key_of(one)) {
      if (!may_keep(denials_[num - 1], one)) keep_nothing(denials_[num - 1]);
    } else {
      if (&denials_[num] != &one) denials_[num] = std::move(one);
      ++num;
    }
  }
  denials_.resize(num);
}

const Denial* DenyList::find(const Key& key) const noexcept {
  const auto found = std::lower_bound(denials_.begin(), denials_.end(), key, is_before);
  return found == denials_.end() || key_of(*found) != key ? nullptr : &*found;
}

bool DenyList::covers(const Session& session) const noexcept {
  if (denials_.empty()) return false;
  const auto* found = find({provider_of(session), subject_id_of(session)});
  if (found == nullptr) return false;
  return signed_in_at(session) <= found->until && !is_kept(session, *found);
}

bool DenyList::keeps(const Session& session) const noexcept {
  const auto* found = find({provider_of(session), subject_id_of(session)});
  return found != nullptr && is_kept(session, *found);
}

Result<DenyList> DenyList::with(std::vector<Denial> more, Timestamp now) const {
  for (const auto& one : denials_) {
    if (!may_be_forgotten(one, now)) more.push_back(one);
  }
  DenyList list(std::move(more));
  if (list.denials_.size() > max_denials) return is_full();
  return list;
}

DenyList DenyList::merged(const DenyList& other) const {
  auto denials = denials_;
  denials.insert(denials.end(), other.denials_.begin(), other.denials_.end());
  return DenyList(std::move(denials));
}

std::vector<Denial> DenyList::beyond(const DenyList& other, Timestamp now) const {
  std::vector<Denial> out;
  for (const auto& one : denials_) {
    if (may_be_forgotten(one, now)) continue;
    const auto* there = other.find(key_of(one));
    const bool is_known = there != nullptr && there->until >= one.until && may_keep(*there, one);
    if (!is_known) out.push_back(one);
  }
  return out;
}

Result<std::vector<std::string>> deny_list_keys(const SessionSettings& settings,
                                                const CookieKeys& keys) {
  auto names = keys.native().names_of("deny list");
  if (!names.ok()) return names;
  for (auto& name : *names) name.insert(0, settings.cookie_name + std::string(key_mark));
  return names;
}

bool is_deny_list_key(std::string_view key) noexcept {
  return key.find(key_mark) != std::string_view::npos;
}

Result<std::string> seal_deny_list(const CookieKeys& keys, std::string_view key, std::size_t which,
                                   const DenyList& list, Instant now, Entropy& entropy) {
  std::string content;
  msgpack::Writer writer(content);
  writer.write_array(list.denials().size());
  for (const auto& one : list.denials()) {
    writer.write_array(num_fields);
    writer.write_text(one.subject.provider);
    writer.write_text(one.subject.id);
    write_time(writer, one.until);
    write_time(writer, one.forget_at);
    writer.write_text(one.kept_ticket);
    write_time(writer, one.kept_sign_in);
  }
  auto sealed =
      keys.native().seal({Purpose::deny_list, key}, content, now.unix_seconds(), entropy, which);
  if (sealed.ok() && sealed->size() > max_record_size) return is_full();
  return sealed;
}

Result<DenyList> open_deny_list(const CookieKeys& keys, std::string_view key,
                                std::string_view record, Instant now) {
  BorrowedWorkspace workspace(keys.workspaces());
  const auto opened = keys.native().open({Purpose::deny_list, key}, record, std::chrono::seconds(0),
                                         now, max_list_size, *workspace);
  if (!opened.ok()) return opened.error();
  const Error unreadable{Status::session_invalid, "the deny list cannot be read"};
  msgpack::Reader reader(opened->content);
  std::size_t num = 0;
  if (!reader.read_array(num) || num > DenyList::max_denials) return unreadable;
  std::vector<Denial> denials(num);
  for (auto& one : denials) {
    if (!read_denial(reader, one)) return unreadable;
  }
  if (!reader.at_end()) return unreadable;
  return DenyList(std::move(denials));
}

}  // namespace gatelet::session
