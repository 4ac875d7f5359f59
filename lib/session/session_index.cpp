#include "session/session_index.hpp"

#include <algorithm>
#include <utility>

#include "session/book_fields.hpp"
#include "session/native_seal.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t num_fields = 6;
constexpr std::size_t max_index_size = 1024 * 1024;  // of the opened bytes

bool read_entry(msgpack::Reader& reader, IndexEntry& out) {
  std::size_t num = 0;
  if (!reader.read_array(num) || num != num_fields) return false;
  return read_text(reader, out.ticket_id) && read_time(reader, out.signed_in_at) &&
         read_time(reader, out.seen_at) && read_time(reader, out.ends_at) &&
         read_text(reader, out.client) && read_text(reader, out.user_agent);
}

}  // namespace

Result<std::vector<std::string>> index_keys(const SessionSettings& settings, const CookieKeys& keys,
                                            const Subject& subject) {
  // The length in front: no byte can change sides.
  const auto text =
      std::to_string(subject.provider.size()) + " " + subject.provider + " " + subject.id;
  auto names = keys.native().names_of(text);
  if (!names.ok()) return names;
  for (auto& name : *names) name.insert(0, settings.cookie_name + "-sessions-");
  return names;
}

Result<std::string> seal_index(const CookieKeys& keys, std::string_view key,
                               const std::vector<IndexEntry>& entries, Instant now,
                               Entropy& entropy) {
  std::string content;
  msgpack::Writer writer(content);
  writer.write_array(entries.size());
  for (const auto& entry : entries) {
    writer.write_array(num_fields);
    writer.write_text(entry.ticket_id);
    write_time(writer, entry.signed_in_at);
    write_time(writer, entry.seen_at);
    write_time(writer, entry.ends_at);
    writer.write_text(entry.client);
    writer.write_text(entry.user_agent);
  }
  return keys.native().seal({Purpose::session_index, key}, content, now.unix_seconds(), entropy);
}

Result<std::vector<IndexEntry>> open_index(const CookieKeys& keys, std::string_view key,
                                           std::string_view record, Instant now) {
  BorrowedWorkspace workspace(keys.workspaces());
  const auto opened = keys.native().open({Purpose::session_index, key}, record,
                                         std::chrono::seconds(0), now, max_index_size, *workspace);
  if (!opened.ok()) return opened.error();
  msgpack::Reader reader(opened->content);
  std::size_t num = 0;
  const Error unreadable{Status::session_invalid, "the index of sessions cannot be read"};
  if (!reader.read_array(num) || num > max_index_entries) return unreadable;
  std::vector<IndexEntry> entries(num);
  for (auto& entry : entries) {
    if (!read_entry(reader, entry)) return unreadable;
  }
  if (!reader.at_end()) return unreadable;
  return entries;
}

void put_entry(std::vector<IndexEntry>& entries, IndexEntry entry, Timestamp now) {
  const auto same = std::find_if(entries.begin(), entries.end(), [&](const IndexEntry& one) {
    return one.ticket_id == entry.ticket_id;
  });
  if (same != entries.end()) {
    if (entry.client.empty()) entry.client = std::move(same->client);
    if (entry.user_agent.empty()) entry.user_agent = std::move(same->user_agent);
    entries.erase(same);
  }
  std::erase_if(entries, [&](const IndexEntry& one) { return one.ends_at && *one.ends_at <= now; });
  entries.push_back(std::move(entry));
  while (entries.size() > max_index_entries) {
    entries.erase(std::min_element(
        entries.begin(), entries.end(),
        [](const auto& a, const auto& b) { return a.signed_in_at < b.signed_in_at; }));
  }
}

}  // namespace gatelet::session
