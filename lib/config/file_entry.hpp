// One option as a file gives it.
#pragma once

#include <cstddef>

#include <gatelet/settings.hpp>

namespace gatelet::config {

struct FileEntry {
  Settings::Entry entry;
  std::size_t line = 0;  // 0: not known
};

}  // namespace gatelet::config
