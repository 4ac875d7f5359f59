#include "io/failing_malloc.hpp"

#include <malloc.h>
#include <pthread.h>

#include <cstddef>
#include <cstring>

namespace {

std::atomic<long> num_blocks = 0;
long num_made = 0, fail_at = 0;  // of the test's own thread; fail_at 0: none fails
const pthread_t tester = ::pthread_self();

bool must_fail() noexcept {
  if (::pthread_equal(::pthread_self(), tester) != 0) return ++num_made == fail_at;
  using gatelet::io::testing::fail_elsewhere_at;
  return fail_elsewhere_at > 0 && --fail_elsewhere_at == 0;
}
void* counted(void* block) noexcept {
  if (block) ++num_blocks;
  return block;
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return must_fail() ? nullptr : counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) {
  return must_fail() ? nullptr : counted(__libc_calloc(count, size));
}
void* realloc(void* block, std::size_t size) {
  if (must_fail()) return nullptr;
  auto* moved = __libc_realloc(block, size);
  return block ? moved : counted(moved);
}
void free(void* block) {
  if (block) {
    --num_blocks;
    std::memset(block, 0xdb, malloc_usable_size(block));  // whoever still uses it is found out
  }
  __libc_free(block);
}
}

namespace gatelet::io::testing {

std::atomic<int> fail_elsewhere_at = 0;

Failure::Failure(long n) noexcept : n_(n) {
  num_made = 0;
  fail_at = n;
}

Failure::~Failure() { fail_at = 0; }

bool Failure::end() noexcept {
  fail_at = 0;
  return num_made >= n_;
}

long num_live() noexcept { return num_blocks; }

}  // namespace gatelet::io::testing
