#include "io/redis_reply.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <new>
#include <utility>

namespace gatelet::io {
namespace {

constexpr std::size_t max_piece = 4 * 1024;

}  // namespace

// The objects hiredis speaks of are the replies inside `current_`. A null object ends the reading.
struct RedisReplyReader::Functions {
  static RedisReplyReader& reader_of(const redisReadTask* task) {
    return *static_cast<RedisReplyReader*>(task->privdata);
  }

  static RedisReply* place_of(const redisReadTask* task) {
    if (!task->parent) return &reader_of(task).current_;
    auto& items = static_cast<RedisReply*>(task->parent->obj)->items;
    return &items[static_cast<std::size_t>(task->idx)];
  }

  static void* text(const redisReadTask* task, char* data, std::size_t size) noexcept {
    auto* place = place_of(task);
    switch (task->type) {
      case REDIS_REPLY_STRING: place->type = RedisReply::Type::string; break;
      case REDIS_REPLY_STATUS: place->type = RedisReply::Type::status; break;
      case REDIS_REPLY_ERROR: place->type = RedisReply::Type::error; break;
      default: return refuse(task);
    }
    // hiredis passes over the two bytes behind a string without a look.
    if (data[size] != '\r' || data[size + 1] != '\n') return refuse(task, "a string does not end");
    try {
      place->text.assign(data, size);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    return place;
  }

  // hiredis before 1.0 counts in int, later ones in size_t.
  template <class Count>
  static void* array(const redisReadTask* task, Count count) noexcept {
    auto& reader = reader_of(task);
    int depth = 1;
    for (const auto* above = task->parent; above; above = above->parent) ++depth;
    if (task->type != REDIS_REPLY_ARRAY) return refuse(task);
    if (depth > max_depth) return refuse(task, "its arrays are nested too deep");
    const auto num_items = static_cast<std::size_t>(count);
    const auto num_before = std::min(reader.num_elements_, reader.element_limit_);
    if (num_items > reader.element_limit_ - num_before) {
      return refuse(task, "its arrays have too many elements");
    }
    auto* place = place_of(task);
    place->type = RedisReply::Type::array;
    try {
      place->items.resize(num_items);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    reader.num_elements_ += num_items;
    return place;
  }

  static void* integer(const redisReadTask* task, long long number) noexcept {
    auto* place = place_of(task);
    place->type = RedisReply::Type::integer;
    place->number = number;
    return place;
  }

  static void* nil(const redisReadTask* task) noexcept {
    auto* place = place_of(task);
    place->type = RedisReply::Type::nil;
    return place;
  }

  // Types of RESP3, which nobody asked for.
  static void* real(const redisReadTask* task, double, char*, std::size_t) noexcept {
    return refuse(task);
  }
  static void* boolean(const redisReadTask* task, int) noexcept { return refuse(task); }

  static void* refuse(const redisReadTask* task,
                      std::string_view why = "it is of a type of another protocol") noexcept {
    reader_of(task).fail(why);
    return nullptr;
  }

  static void release(void*) noexcept {}

  template <class Table>
  static Table make() noexcept {
    Table table{};
    table.createString = text;
    table.createArray = array;
    table.createInteger = integer;
    table.createNil = nil;
    table.freeObject = release;
    if constexpr (requires { table.createDouble; }) {
      table.createDouble = real;
      table.createBool = boolean;
    }
    return table;
  }
};

void RedisReplyReader::Free::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

RedisReplyReader::RedisReplyReader(std::size_t element_limit) : element_limit_(element_limit) {
  static const auto functions = Functions::make<redisReplyObjectFunctions>();
  // hiredis only reads it.
  reader_.reset(redisReaderCreateWithFunctions(const_cast<redisReplyObjectFunctions*>(&functions)));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = this;
}

RedisReplyReader::~RedisReplyReader() = default;

void RedisReplyReader::feed(std::string_view bytes) {
  while (!bytes.empty() && fault_.empty()) {
    feed_piece(bytes.substr(0, max_piece));
    bytes.remove_prefix(std::min(bytes.size(), max_piece));
  }
}

void RedisReplyReader::feed_piece(std::string_view piece) {
  if (redisReaderFeed(reader_.get(), piece.data(), piece.size()) != REDIS_OK) {
    return fail("memory ran out while it was read");
  }
  unread_size_ += piece.size();
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
      return fail("it is not of Redis' protocol");
    }
    // However the bytes were cut: a reply is refused when it is larger, not when it looks so.
    const auto left = reply ? reader_->len - reader_->pos : 0;
    if (unread_size_ - left > max_reply_size) {
      is_too_large_ = fault_.empty();
      return fail("it is larger than 1 MiB");
    }
    if (!reply) return;
    unread_size_ = left;
    whole_.push_back(std::exchange(current_, {}));
    num_elements_ = 0;
  }
}

std::optional<RedisReply> RedisReplyReader::take() {
  if (whole_.empty()) return std::nullopt;
  auto first = std::move(whole_.front());
  whole_.pop_front();
  return first;
}

void RedisReplyReader::fail(std::string_view why) noexcept {
  if (fault_.empty()) fault_ = why;
}

}  // namespace gatelet::io
