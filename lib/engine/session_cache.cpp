#include "engine/session_cache.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>

#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "session/packed_session.hpp"
#include "session/ticket.hpp"

namespace gatelet::engine {
namespace {

// NAME or NAME_<digits>.
bool is_part_of(std::string_view name, std::string_view cookie_name) noexcept {
  if (!name.starts_with(cookie_name)) return false;
  name.remove_prefix(cookie_name.size());
  if (name.empty()) return true;
  return name.size() > 1 && name.front() == '_' &&
         name.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
}

// Before a kept token: no cookie's name has a blank.
constexpr std::string_view token_mark = "Bearer ";

// What an entry occupies besides its text: list and map nodes, and what the heap adds to each. The
// session besides its texts, while it is opened; and, where there are any, a ticket and a claim
// (measured in tests/bench).
constexpr std::size_t entry_overhead = 176;
constexpr std::size_t session_overhead = 464;
constexpr std::size_t ticket_overhead = 176;
constexpr std::size_t data_overhead = 64;
constexpr std::size_t claim_overhead = 512;

// Packed are sessions that have no more than this in tokens and other texts: of larger ones that
// would save less than a fifth.
constexpr std::size_t max_packed = 2000;

constexpr std::uint32_t max_size = std::numeric_limits<std::int32_t>::max();  // of an entry

// What an entry takes more while its session is opened.
std::size_t opened_bytes(const session::Session& session) noexcept {
  return bytes_of(session) + session_overhead;
}

// When the session ends, on the clock that is never set back.
Duration steady_end(const session::Session& session, Instant now) noexcept {
  if (!session.ends_at) return Duration::max();
  constexpr std::int64_t year = 366 * 24 * 3600;  // longer than anything is remembered
  const auto today = now.unix_seconds();
  return now.steady +
         std::chrono::seconds(std::clamp(session.ends_at->seconds, today, today + year) - today);
}

}  // namespace

std::size_t bytes_of(const session::Session& session) noexcept {
  std::size_t bytes = session.access_token.size() + session.id_token.size() +
                      session.refresh_token.size() + session.nonce.size() + session.email.size() +
                      session.user.size() + session.preferred_username.size();
  if (session.data) bytes += data_overhead + session::data_size(session);
  for (const auto& group : session.groups) bytes += group.size() + sizeof(std::string);
  if (session.ticket) bytes += ticket_overhead;
  // An additional claim's size is not known without walking it; the record it came from bounds it.
  return bytes + session.additional_claims.size() * claim_overhead;
}

CookieImage::CookieImage(std::span<const HeaderView> headers,
                         std::string_view cookie_name) noexcept {
  http::CookieReader reader(headers);
  http::CookieView cookie;
  // Names whose base was cut to fit 256 characters are longer than any lookup here cares for: they
  // miss the cache. Illegal values are as good: what they open to depends on the same bytes, and
  // bytes that are kept were judged before.
  while (reader.next_pair(cookie)) {
    if (!is_part_of(cookie.name, cookie_name)) continue;
    if (count_ == max_parts) {
      too_many_ = true;
      return;
    }
    parts_[count_++] = cookie;
  }
}

std::optional<std::string_view> CookieImage::lone(std::string_view cookie_name) const noexcept {
  constexpr std::size_t longest_uncut_name = 250;  // parts of longer names are not looked for here
  if (count_ != 1 || too_many_ || cookie_name.size() > longest_uncut_name) return std::nullopt;
  const auto& [name, value] = parts_[0];
  if (name != cookie_name || value.empty()) return std::nullopt;
  return parts_[0].value;
}

std::uint64_t CookieImage::hash(const KeyedHash& hash, std::uint64_t generation) const noexcept {
  // A signed value ends in its MAC: the last bytes of each part tell sessions apart, and equals()
  // compares all of them.
  constexpr std::size_t tail = 64;
  std::array<char, max_parts * tail + sizeof(generation)> text;
  std::size_t size = 0;
  for (std::size_t i = 0; i < sizeof(generation); ++i)
    text[size++] = static_cast<char>(generation >> 8 * i);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto value =
        parts_[i].value.substr(parts_[i].value.size() - std::min(tail, parts_[i].value.size()));
    size = static_cast<std::size_t>(
        std::copy(value.begin(), value.end(), text.begin() + static_cast<std::ptrdiff_t>(size)) -
        text.begin());
  }
  return hash({text.data(), size});
}

bool CookieImage::equals(std::string_view kept) const noexcept {
  const auto take = [&kept](std::string_view expected) {
    if (!kept.starts_with(expected)) return false;
    kept.remove_prefix(expected.size());
    return true;
  };
  for (std::size_t i = 0; i < count_; ++i) {
    if (!take(parts_[i].name) || !take("=") || !take(parts_[i].value) || !take(";")) return false;
  }
  return kept.empty();
}

Secret CookieImage::keep() const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count_; ++i)
    size += parts_[i].name.size() + parts_[i].value.size() + 2;
  std::string text;
  text.reserve(size);  // grown bit by bit it would leave pieces behind
  for (std::size_t i = 0; i < count_; ++i) {
    text.append(parts_[i].name).append("=").append(parts_[i].value).append(";");
  }
  Secret kept(text);
  wipe(text);
  return kept;
}

std::uint64_t TokenImage::hash(const KeyedHash& hash, std::uint64_t generation) const noexcept {
  // A token ends in its signature: the last bytes tell tokens apart, and equals() compares all.
  constexpr std::size_t tail = 64;
  std::array<char, tail + sizeof(generation)> text;
  const auto end = token_.substr(token_.size() - std::min(tail, token_.size()));
  for (std::size_t i = 0; i < sizeof(generation); ++i)
    text[i] = static_cast<char>(generation >> 8 * i);
  std::copy(end.begin(), end.end(), text.begin() + sizeof(generation));
  return hash({text.data(), sizeof(generation) + end.size()});
}

bool TokenImage::equals(std::string_view kept) const noexcept {
  return kept.starts_with(token_mark) && kept.substr(token_mark.size()) == token_;
}

Secret TokenImage::keep() const {
  auto text = std::string(token_mark).append(token_);
  Secret kept(text);
  wipe(text);
  return kept;
}

SessionCache::SessionCache(std::size_t max_bytes, const std::array<unsigned char, 16>& hash_key,
                           std::size_t num_places)
    : max_shard_bytes_(max_bytes / num_shards), hash_(hash_key), changes_(hash_key, num_places) {}

template <class Image>
std::shared_ptr<const session::Session> SessionCache::find_image(const Image& image,
                                                                 std::uint64_t generation,
                                                                 Duration steady_now) noexcept {
  if (!image.fits() || max_shard_bytes_ == 0) return nullptr;
  const auto hash = image.hash(hash_, generation);
  auto& shard = this->shard(hash);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.by_hash.find(hash);
  if (found == shard.by_hash.end()) return nullptr;
  const auto entry = found->second;
  if (entry->generation != generation || !image.equals(entry->image())) return nullptr;
  const bool is_stored = entry->place != Origin::none;
  if (is_stored && !changes_.is_unchanged(entry->place, entry->read_after)) {
    evict(shard, entry);  // with its tokens
    return nullptr;
  }
  if (entry->ends_at <= steady_now) return nullptr;
  if (!entry->session) return open_again(shard, entry);
  use(shard, entry);
  return entry->session;
}

template <class Image>
void SessionCache::insert_image(const Image& image, std::uint64_t generation,
                                std::shared_ptr<const session::Session> session, Duration ends_at,
                                Origin origin) {
  if (!image.fits() || max_shard_bytes_ == 0) return;
  auto text = image.keep();
  const auto size = text.size();
  Entries made;
  made.push_front({image.hash(hash_, generation), generation, std::move(text), std::move(session),
                   ends_at, origin.read_after, origin.place,
                   static_cast<std::uint32_t>(size) & max_size, false});
  const auto entry = made.begin();
  const auto bytes = entry->bytes();
  if (bytes > std::min<std::size_t>(max_shard_bytes_, max_size)) return;

  auto& shard = this->shard(entry->hash);
  const std::scoped_lock lock(shard.mutex);
  if (const auto same = shard.by_hash.find(entry->hash); same != shard.by_hash.end())
    evict(shard, same->second);
  make_room(shard, bytes);
  shard.by_hash.emplace(entry->hash, entry);
  shard.entries.splice(shard.entries.begin(), made);
  shard.bytes += bytes;
  use(shard, entry);
}

std::shared_ptr<const session::Session> SessionCache::find(const CookieImage& image,
                                                           std::uint64_t generation) noexcept {
  return find_image(image, generation, Duration::min());
}

std::shared_ptr<const session::Session> SessionCache::find_stored(const CookieImage& image,
                                                                  std::uint64_t generation,
                                                                  Duration steady_now,
                                                                  Duration max_staleness) noexcept {
  if (!changes_.is_told(steady_now, max_staleness)) return nullptr;
  return find_image(image, generation, steady_now);
}

std::shared_ptr<const session::Session> SessionCache::find(const TokenImage& image,
                                                           std::uint64_t generation,
                                                           Instant now) noexcept {
  auto session = find_image(image, generation, now.steady);
  const bool is_over =
      session && session->ends_at && *session->ends_at <= session::to_timestamp(now);
  return is_over ? nullptr : session;
}

void SessionCache::insert(const CookieImage& image, std::uint64_t generation,
                          std::shared_ptr<const session::Session> session) {
  insert_image(image, generation, std::move(session), Duration::max(), {});
}

void SessionCache::insert_stored(const CookieImage& image, std::uint64_t generation,
                                 std::shared_ptr<const session::Session> session,
                                 RecordChanges::Number read_after, Duration ask_again_at) {
  const auto place = changes_.place_of(session->ticket->id);
  if (!changes_.is_unchanged(place, read_after)) return;
  insert_image(image, generation, std::move(session), ask_again_at, {read_after, place});
}

void SessionCache::insert(const TokenImage& image, std::uint64_t generation,
                          std::shared_ptr<const session::Session> session, Instant now) {
  const auto ends_at = steady_end(*session, now);
  insert_image(image, generation, std::move(session), ends_at, {});
}

std::size_t SessionCache::Entry::bytes() const noexcept {
  return text.size() + entry_overhead + (session ? opened_bytes(*session) : 0);
}

void SessionCache::make_room(Shard& shard, std::size_t bytes) noexcept {
  while (shard.bytes + bytes > max_shard_bytes_) evict(shard, std::prev(shard.entries.end()));
}

std::shared_ptr<const session::Session> SessionCache::open_again(Shard& shard,
                                                                 Entries::iterator entry) noexcept {
  std::shared_ptr<const session::Session> session;
  try {
    session = session::unpack(entry->packed());
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  if (!session) {
    evict(shard, entry);
    return nullptr;
  }
  const auto more = opened_bytes(*session);
  if (entry->bytes() + more > max_shard_bytes_) return session;  // it stays packed
  use(shard, entry);
  make_room(shard, more);
  shard.bytes += more;
  entry->session = session;
  return session;
}

void SessionCache::use(Shard& shard, Entries::iterator entry) noexcept {
  if (entry == shard.first_past) ++shard.first_past;
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  if (entry->is_recent) return;
  entry->is_recent = true;
  if (++shard.num_recent <= max_recent / num_shards) return;
  const auto last = std::prev(shard.first_past);
  shard.first_past = last;
  last->is_recent = false;
  --shard.num_recent;
  pack(shard, last);
}

void SessionCache::pack(Shard& shard, Entries::iterator entry) noexcept {
  if (bytes_of(*entry->session) > max_packed) return;
  Secret text;
  try {
    if (entry->packed().empty()) text = session::pack(*entry->session, entry->image());
  } catch (const std::bad_alloc&) {
    return evict(shard, entry);
  }
  shard.bytes -= entry->bytes();
  if (!text.empty()) entry->text = std::move(text);
  entry->session = nullptr;
  shard.bytes += entry->bytes();
  make_room(shard, 0);  // a claim's size was a guess before
}

void SessionCache::evict(Shard& shard, Entries::iterator entry) noexcept {
  if (entry == shard.first_past) ++shard.first_past;
  if (entry->is_recent) --shard.num_recent;
  shard.bytes -= entry->bytes();
  shard.by_hash.erase(entry->hash);
  shard.entries.erase(entry);
}

std::size_t SessionCache::size_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace gatelet::engine
