// LZ4 frames (the format of liblz4's frame API and of Go's pierrec/lz4), with the output bounded
// before memory is taken. The only door to liblz4.
//
// In a build without liblz4 (meson option `lz4`) both directions answer Status::not_built.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::session {

// A prepared decompression context and the buffer it writes to, for one thread at a time. Making
// one costs more than reading a frame does: they are kept (workspace.hpp).
class FrameReader {
 public:
  FrameReader() noexcept;
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;
  ~FrameReader();

  // The content of `frames`: one frame or several in a row, each whole, checksums verified,
  // skippable frames stepped over. A view into this reader, valid until its next call.
  //   Failure: Status::session_invalid for anything that is no such frame, uses a dictionary, or
  //   grows beyond `limit` bytes; not_built; out_of_memory.
  Result<std::string_view> read(std::string_view frames, std::size_t limit);

  // Overwrites what the last read() returned; a buffer that had grown large is given back.
  void forget() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// One frame as oauth2-proxy writes it: independent blocks of 64 KiB, content checksum, no content
// size, the fast level.
//   Failure: Status::not_built; internal.
Result<std::string> write_frame(std::string_view content);

}  // namespace gatelet::session
