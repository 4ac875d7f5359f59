// decide() makes no system call and at most one allocation once warmed up.
//
// Each case runs in a child of its own: the engine is made, warmed up, then a seccomp filter kills
// the process on every system call but clock, memory, futex and exit, and operator new is counted
// around the calls.
#include <gatelet/gatelet.hpp>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "hotpath/fixture.hpp"

namespace {
std::atomic<std::size_t> num_allocations{0};
}

// Not inlined: g++ 12 takes a pair of which it sees only one half for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  num_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace gatelet;

// Kills on anything but the calls listed. Returns false when the kernel has no seccomp.
bool enter_filter(const std::vector<unsigned>& allowed) {
  std::vector<sock_filter> code;
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const auto call : allowed) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Clock (where the vDSO cannot answer), memory, locks, the end.
std::vector<unsigned> deciding_calls() {
  return {SYS_clock_gettime, SYS_mmap,  SYS_munmap, SYS_madvise,   SYS_brk,
          SYS_mremap,        SYS_futex, SYS_exit,   SYS_exit_group};
}
// A login start draws random bytes: libcrypto asks for the process id, now and then for fresh seed.
std::vector<unsigned> login_calls() {
  auto calls = deciding_calls();
  calls.push_back(SYS_getpid);
  calls.push_back(SYS_getrandom);
  return calls;
}

struct Case {
  std::string name;
  std::vector<unsigned> allowed;
  std::size_t max_allocations;              // for each decide(), warmed up
  std::function<hotpath::Scenario()> make;  // the engine and the request
  bool must_fail = false;                   // a negative control: the child must not survive
};

enum Outcome { survived = 0, no_seccomp = 2, wrong_answer = 3, too_many_allocations = 4 };

[[noreturn]] void run_child(const Case& test) {
  auto scenario = test.make();
  for (int i = 0; i < 64; ++i) {
    if (!scenario.decide_once()) _exit(wrong_answer);
  }
  if (!enter_filter(test.allowed)) _exit(no_seccomp);
  for (int i = 0; i < 1000; ++i) {
    const auto before = num_allocations.load(std::memory_order_relaxed);
    if (!scenario.decide_once()) _exit(wrong_answer);
    if (num_allocations.load(std::memory_order_relaxed) - before > test.max_allocations)
      _exit(too_many_allocations);
  }
  if (scenario.misbehave) scenario.misbehave();
  _exit(survived);
}

std::string describe(int status) {
  if (WIFSIGNALED(status))
    return "killed by signal " + std::to_string(WTERMSIG(status)) +
           " (a forbidden system call is 31)";
  switch (WEXITSTATUS(status)) {
    case survived: return "survived";
    case no_seccomp: return "the kernel refused the seccomp filter";
    case wrong_answer: return "decided something else than expected";
    case too_many_allocations: return "more allocations than allowed";
    default: return "exit status " + std::to_string(WEXITSTATUS(status));
  }
}

}  // namespace

int main() {
  const std::vector<Case> cases = {
      {"a cookie session seen before: one allocation, no system call", deciding_calls(), 1,
       hotpath::cached_session},
      {"a session from a store that is kept: one allocation, no system call", deciding_calls(), 1,
       hotpath::kept_session},
      {"no session, API request: one allocation, no system call", deciding_calls(), 1,
       hotpath::api_without_session},
      {"a skipped route among 200: one allocation and the path's, no system call", deciding_calls(),
       2, hotpath::skipped_route},
      {"no skipped route among 200: one allocation and the path's, no system call",
       deciding_calls(), 2, hotpath::no_skipped_route},
      {"a cookie session never seen: no system call", deciding_calls(),
       hotpath::allocations_to_open, hotpath::unseen_session},
      {"the same in oauth2-proxy's format: no system call", deciding_calls(),
       hotpath::allocations_to_open, hotpath::unseen_compat_session},
      {"a forged cookie: no system call", deciding_calls(), hotpath::allocations_to_refuse,
       hotpath::forged_session},
      {"the same in oauth2-proxy's format: no system call", deciding_calls(),
       hotpath::allocations_to_refuse, hotpath::forged_compat_session},
      {"a login start: no system call but for random bytes", login_calls(),
       hotpath::allocations_to_start, hotpath::login_start},
      {"control: a file that is opened is noticed", deciding_calls(), 1, hotpath::opens_a_file,
       true},
      {"control: an allocation too many is noticed", deciding_calls(), 0, hotpath::cached_session,
       true},
  };
  int passed = 0, failed = 0;
  for (const auto& test : cases) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) run_child(test);
    int status = 0;
    waitpid(child, &status, 0);
    const bool ok = (WIFEXITED(status) && WEXITSTATUS(status) == survived) != test.must_fail;
    ++(ok ? passed : failed);
    std::printf("%s hotpath: %s%s%s\n", ok ? "ok" : "not ok", test.name.c_str(), ok ? "" : ": ",
                ok ? "" : describe(status).c_str());
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
