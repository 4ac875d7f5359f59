#include "base/secret.hpp"

#include <cstring>
#include <utility>

#include "base/constant_time.hpp"

namespace gatelet {

void wipe(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  __asm__ __volatile__("" : : "r"(data) : "memory");  // the bytes count as read: the memset stays
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // within the capacity: no allocation
  wipe(text.data(), text.size());
  text.clear();
}

void reserve_wiping(std::string& text, std::size_t size) {
  if (size <= text.capacity()) return;
  std::string larger;
  larger.reserve(2 * size);
  larger.append(text);
  wipe(text);
  text = std::move(larger);
}

inline namespace GATELET_CXX_ABI {

Secret::Secret(std::string_view text) {
  if (text.empty()) return;
  data_ = new char[text.size()];
  size_ = text.size();
  std::memcpy(data_, text.data(), text.size());
}

Secret::Secret(const Secret& other) : Secret(other.reveal()) {}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept {
  gatelet::wipe(data_, size_);
  delete[] data_;
  data_ = nullptr;
  size_ = 0;
}

std::string Secret::describe() const { return "Secret(" + std::to_string(size_) + " bytes)"; }

bool operator==(const Secret& a, const Secret& b) noexcept {
  return equal_constant_time(a.reveal(), b.reveal());
}

}  // namespace GATELET_CXX_ABI
}  // namespace gatelet
