// A socket that the loop waits for beside those of the HTTP client.
#pragma once

namespace gatelet::io {

struct SocketWait {
  int fd = -1;
  bool for_read = false, for_write = false;
  bool is_ready = false;  // after the wait: something can be done, or it is broken
};

}  // namespace gatelet::io
