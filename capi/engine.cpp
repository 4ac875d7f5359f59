// Engines and their loops.
#include "handles.hpp"

using namespace gatelet;
using namespace gatelet::capi;

gatelet_status gatelet_engine_create(const gatelet_config* config, gatelet_engine** out,
                                     gatelet_error* error) {
  if (out != nullptr) *out = nullptr;
  return guard(error, [&]() -> Result<void> {
    if (config == nullptr || out == nullptr) return invalid_argument("config and out are required");
    auto ports = default_ports();
    ports.on_event = config->on_event;
    ports.store = config->store;
    ports.hooks = config->hooks;
    auto engine = Engine::create(config->settings, std::move(ports));
    if (!engine.ok()) return std::move(engine).error();
    *out = new gatelet_engine{std::move(engine).value()};
    return {};
  });
}

gatelet_status gatelet_engine_reload(gatelet_engine* engine, const gatelet_config* config,
                                     gatelet_error* error) {
  return guard(error, [&]() -> Result<void> {
    if (engine == nullptr || config == nullptr)
      return invalid_argument("engine and config are required");
    return engine->engine->reload(config->settings);
  });
}

gatelet_status gatelet_engine_start(gatelet_engine* engine) {
  return guard(nullptr, [&]() -> Result<void> {
    if (engine == nullptr) return invalid_argument("engine is required");
    return engine->engine->start();
  });
}

gatelet_engine* gatelet_engine_retain(gatelet_engine* engine) {
  if (engine != nullptr) engine->references.fetch_add(1, std::memory_order_relaxed);
  return engine;
}

void gatelet_engine_release(gatelet_engine* engine) {
  if (engine == nullptr) return;
  if (engine->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete engine;
}

int gatelet_loop_fd(const gatelet_engine* engine) {
  return engine == nullptr ? -1 : engine->engine->loop().fd();
}

size_t gatelet_loop_dispatch(gatelet_engine* engine, size_t max) {
  size_t ran = 0;
  guard(nullptr, [&]() -> Result<void> {
    if (engine != nullptr) ran = engine->engine->loop().dispatch(max);
    return {};
  });
  return ran;
}

int gatelet_loop_run_once(gatelet_engine* engine, int timeout_ms) {
  bool more = false;
  guard(nullptr, [&]() -> Result<void> {
    if (engine != nullptr)
      more = engine->engine->loop().run_once(std::chrono::milliseconds(std::max(timeout_ms, 0)));
    return {};
  });
  return more ? 1 : 0;
}

gatelet_status gatelet_metrics(const gatelet_engine* engine,
                               void (*write)(void* user, const char* text, size_t size),
                               void* user) {
  return guard(nullptr, [&]() -> Result<void> {
    if (engine == nullptr || write == nullptr)
      return invalid_argument("engine and write are required");
    const auto text = engine->engine->metrics();
    write(user, text.data(), text.size());
    return {};
  });
}
