#include "session/lz4_frame.hpp"

#include <algorithm>

#include "base/secret.hpp"

#if GATELET_HAVE_LZ4
#include <lz4frame.h>
#endif

namespace gatelet::session {

#if GATELET_HAVE_LZ4

namespace {

// As large as a block of the frames we write: such a block is decompressed in place.
constexpr std::size_t usual_size = 64 * 1024;

constexpr unsigned char usual_block_code = 4;  // 64 KiB

struct FreeContext {
  void operator()(LZ4F_dctx* context) const noexcept { LZ4F_freeDecompressionContext(context); }
};
using Context = std::unique_ptr<LZ4F_dctx, FreeContext>;

Context make_context() noexcept {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return nullptr;
  return Context(context);
}

// What liblz4 does not tell before it acts: the flags of a frame's descriptor.
struct Descriptor {
  bool has_dictionary = false;
  bool has_large_blocks = false;
};

Descriptor peek(std::string_view frame) noexcept {
  constexpr std::string_view magic = "\x04\x22\x4d\x18";
  if (frame.size() < 6 || !frame.starts_with(magic)) return {};
  const auto flags = static_cast<unsigned char>(frame[4]);
  const auto block = static_cast<unsigned char>(frame[5]);
  return {(flags & 1) != 0, (block >> 4 & 7) > usual_block_code};
}

Error refused(std::string text) { return Error{Status::session_invalid, std::move(text)}; }

}  // namespace

struct FrameReader::Impl {
  Context context;
  std::string out;
  std::size_t used = 0;
  bool is_large = false;  // the context holds buffers for blocks above 64 KiB

  void make_room(std::size_t limit) {
    std::string larger(std::min(std::max(usual_size, out.size() * 2), limit + 1), '\0');
    std::copy_n(out.data(), used, larger.data());
    out.swap(larger);
    wipe(larger);
  }
};

Result<std::string_view> FrameReader::read(std::string_view frames, std::size_t limit) {
  if (frames.empty()) return refused("the compressed record is empty");
  if (!impl_) impl_ = std::make_unique<Impl>();
  auto& state = *impl_;
  if (state.context) {
    LZ4F_resetDecompressionContext(state.context.get());
  } else {
    state.context = make_context();
    if (!state.context) return Error{Status::out_of_memory, "no memory to decompress a record"};
  }

  state.used = 0;
  std::size_t wanted = 0;  // 0: at the start of a frame
  while (!frames.empty()) {
    if (wanted == 0) {
      const auto descriptor = peek(frames);
      if (descriptor.has_dictionary) return refused("the compressed record needs a dictionary");
      state.is_large = state.is_large || descriptor.has_large_blocks;
    }
    // One byte beyond the limit is room enough to see that there is more.
    if (state.used == state.out.size()) state.make_room(limit);
    std::size_t taken = frames.size();
    std::size_t given = std::min(state.out.size(), limit + 1) - state.used;
    wanted = LZ4F_decompress(state.context.get(), state.out.data() + state.used, &given,
                             frames.data(), &taken, nullptr);
    if (LZ4F_isError(wanted)) return refused("the compressed record is damaged");
    state.used += given;
    frames.remove_prefix(taken);
    if (state.used > limit) {
      return refused("the record is larger than the limit of " + std::to_string(limit) + " bytes");
    }
    if (taken == 0 && given == 0) return refused("the compressed record is damaged");
  }
  if (wanted != 0) return refused("the compressed record is cut short");
  return std::string_view(state.out.data(), state.used);
}

void FrameReader::forget() noexcept {
  if (!impl_) return;
  auto& state = *impl_;
  wipe(state.out.data(), std::min(state.used, state.out.size()));
  state.used = 0;
  if (state.is_large) state.context.reset();
  state.is_large = false;
  if (state.out.size() > usual_size) std::string().swap(state.out);
}

Result<std::string> write_frame(std::string_view content) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;

  std::string out(LZ4F_compressFrameBound(content.size(), &preferences), '\0');
  const auto size =
      LZ4F_compressFrame(out.data(), out.size(), content.data(), content.size(), &preferences);
  if (LZ4F_isError(size)) return Error{Status::internal, "compressing a record failed"};
  out.resize(size);
  return out;
}

#else

struct FrameReader::Impl {};

namespace {

Error not_built() {
  return Error{Status::not_built,
               "compressed sessions need liblz4: build with the meson option lz4 enabled"};
}

}  // namespace

Result<std::string_view> FrameReader::read(std::string_view, std::size_t) { return not_built(); }
void FrameReader::forget() noexcept {}
Result<std::string> write_frame(std::string_view) { return not_built(); }

#endif

FrameReader::FrameReader() noexcept = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;
FrameReader::~FrameReader() = default;

}  // namespace gatelet::session
