// The line for the host's request log.
#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

Result<Served> read_served(const gatelet_served* in) {
  const auto served = read_struct(in, "served");
  if (!served.ok()) return served.error();
  if (!is_text(served->protocol) || !is_text(served->upstream))
    return invalid_argument("served: a text has a size but no data");
  return Served{served->http_status, served->body_size, std::chrono::nanoseconds(served->took_ns),
                view(served->protocol), view(served->upstream)};
}

Result<std::string> line_of(const gatelet_engine& engine, const gatelet_request* in,
                            const gatelet_decision* decision, const gatelet_served* how) {
  Request request;
  if (auto read = request.read(in); !read.ok()) return read.error();
  const auto served = read_served(how);
  if (!served.ok()) return served.error();
  const Decision none;
  return engine.engine->request_line(request.view(), decision ? decision->decision : none, *served);
}

}  // namespace

gatelet_status gatelet_request_line(const gatelet_engine* engine, const gatelet_request* request,
                                    const gatelet_decision* decision, const gatelet_served* served,
                                    void (*write)(void* user, const char* line, size_t size),
                                    void* user) {
  return guard(nullptr, [&]() -> Result<void> {
    if (engine == nullptr || write == nullptr)
      return invalid_argument("engine and write are required");
    const auto line = line_of(*engine, request, decision, served);
    if (!line.ok()) return line.error();
    if (!line->empty()) write(user, line->data(), line->size());
    return {};
  });
}
