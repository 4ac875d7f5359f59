// What opening a session cookie works in: buffers and a decompression context, kept between
// requests.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/secret.hpp"
#include "crypto/context_pool.hpp"
#include "session/lz4_frame.hpp"

namespace gatelet::session {

struct Workspace {
  std::string sealed;  // the decoded value, decrypted in place; never shrinks
  std::size_t used = 0;
  std::string associated;  // what is authenticated beside it; no secret
  FrameReader frames;

  // Overwrites what the last use left.
  void forget() noexcept {
    wipe(sealed.data(), used);
    used = 0;
    frames.forget();
  }
};

// One for each thread that opens cookies at the moment, eight at most; each holds 200 KB.
using WorkspacePool = crypto::ContextPool<std::unique_ptr<Workspace>, 8>;

// A workspace for the length of a scope, cleaned when it goes back.
class BorrowedWorkspace {
 public:
  explicit BorrowedWorkspace(WorkspacePool& pool) : pool_(pool), held_(pool.take()) {
    if (!held_) held_ = std::make_unique<Workspace>();
  }
  BorrowedWorkspace(const BorrowedWorkspace&) = delete;
  BorrowedWorkspace& operator=(const BorrowedWorkspace&) = delete;
  ~BorrowedWorkspace() {
    held_->forget();
    pool_.give_back(std::move(held_));
  }

  Workspace* operator->() const noexcept { return held_.get(); }
  Workspace& operator*() const noexcept { return *held_; }

 private:
  WorkspacePool& pool_;
  std::unique_ptr<Workspace> held_;
};

}  // namespace gatelet::session
