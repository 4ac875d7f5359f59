// Requests.
#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

namespace {

// `ask` maps (engine, request) to an Outcome.
template <class Ask>
gatelet_status answer(const gatelet_engine* engine, const gatelet_request* in,
                      gatelet_decision** out, gatelet_op** pending, gatelet_error* error,
                      Ask&& ask) {
  return capi::answer(engine, out, pending, error, [&](const Engine& e) {
    Request request;
    auto read = request.read(in);
    using Answered = decltype(ask(e, request.view()));
    return read.ok() ? ask(e, request.view()) : Answered(std::move(read).error());
  });
}

}  // namespace

gatelet_status gatelet_decide(const gatelet_engine* engine, const gatelet_request* request,
                              gatelet_decision** out, gatelet_op** pending, gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [](const Engine& e, const RequestView& r) { return e.decide(r); });
}

gatelet_status gatelet_identify(const gatelet_engine* engine, const gatelet_request* request,
                                gatelet_decision** out, gatelet_op** pending,
                                gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [](const Engine& e, const RequestView& r) { return e.identify(r); });
}

gatelet_status gatelet_set_session_data(const gatelet_engine* engine,
                                        const gatelet_request* request, gatelet_str name,
                                        gatelet_str value, gatelet_decision** out,
                                        gatelet_op** pending, gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [&](const Engine& e, const RequestView& r) -> Outcome<Decision> {
                  if (!is_text(name) || !is_text(value))
                    return invalid_argument("name or value has a size but no data");
                  return e.set_session_data(r, view(name), view(value));
                });
}

gatelet_status gatelet_begin_login(const gatelet_engine* engine, const gatelet_request* request,
                                   const gatelet_login_options* options, gatelet_decision** out,
                                   gatelet_op** pending, gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [&](const Engine& e, const RequestView& r) -> Outcome<Decision> {
                  if (options == nullptr) return e.begin_login(r);
                  const auto o = read_struct(options, "options");
                  if (!o.ok()) return o.error();
                  if (!is_text(o->provider) || !is_text(o->return_to) || !is_text(o->prompt) ||
                      !is_text(o->login_hint) || !is_text(o->acr_values)) {
                    return invalid_argument("options: a text has a size but no data");
                  }
                  return e.begin_login(r, {view(o->provider), view(o->return_to), view(o->prompt),
                                           view(o->login_hint), view(o->acr_values)});
                });
}

gatelet_status gatelet_finish_login(const gatelet_engine* engine, const gatelet_request* request,
                                    gatelet_decision** out, gatelet_op** pending,
                                    gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [](const Engine& e, const RequestView& r) { return e.finish_login(r); });
}

gatelet_status gatelet_sign_out(const gatelet_engine* engine, const gatelet_request* request,
                                const gatelet_sign_out_options* options, gatelet_decision** out,
                                gatelet_op** pending, gatelet_error* error) {
  return answer(engine, request, out, pending, error,
                [&](const Engine& e, const RequestView& r) -> Outcome<Decision> {
                  if (options == nullptr) return e.sign_out(r);
                  const auto o = read_struct(options, "options");
                  if (!o.ok()) return o.error();
                  if (!is_text(o->return_to))
                    return invalid_argument("options: a text has a size but no data");
                  return e.sign_out(r, {view(o->return_to)});
                });
}

gatelet_status gatelet_failure(const gatelet_engine* engine, const gatelet_request* in,
                               gatelet_status status, gatelet_decision** out) {
  if (out != nullptr) *out = nullptr;
  return guard(nullptr, [&]() -> Result<void> {
    if (engine == nullptr || out == nullptr) return invalid_argument("engine and out are required");
    Request request;
    if (auto read = request.read(in); !read.ok()) return read;
    const auto known = static_cast<Status>(status);
    *out = new gatelet_decision(
        engine->engine->failure(request.view(), {known, std::string(status_sentence(known))}));
    return {};
  });
}

size_t gatelet_body_limit(const gatelet_engine* engine, const gatelet_request* in) {
  size_t limit = 0;
  guard(nullptr, [&]() -> Result<void> {
    if (engine == nullptr) return invalid_argument("engine is required");
    Request request;
    if (auto read = request.read(in); !read.ok()) return read;
    limit = engine->engine->body_limit(request.view());
    return {};
  });
  return limit;
}
