// Configurations.
#include "store_functions.hpp"

using namespace gatelet;
using namespace gatelet::capi;

gatelet_status gatelet_config_new(gatelet_config** out) {
  if (out == nullptr) return GATELET_E_INVALID_ARGUMENT;
  *out = new (std::nothrow) gatelet_config;
  return *out == nullptr ? GATELET_E_OUT_OF_MEMORY : GATELET_OK;
}

void gatelet_config_free(gatelet_config* config) { delete config; }

gatelet_status gatelet_config_set(gatelet_config* config, gatelet_str key, gatelet_str value,
                                  gatelet_error* error) {
  return guard(error, [&]() -> Result<void> {
    if (config == nullptr || !is_text(key) || !is_text(value)) {
      return invalid_argument("config, key and value are required");
    }
    return config->settings.set(view(key), view(value));
  });
}

gatelet_status gatelet_config_load(gatelet_config* config, gatelet_str format, gatelet_str text,
                                   gatelet_error* error) {
  return guard(error, [&]() -> Result<void> {
    if (config == nullptr || !is_text(format) || !is_text(text)) {
      return invalid_argument("config, format and text are required");
    }
    return config->settings.load(view(format), view(text));
  });
}

gatelet_status gatelet_config_load_env(gatelet_config* config, const char* const* variables,
                                       gatelet_error* error) {
  return guard(error, [&]() -> Result<void> {
    if (config == nullptr || variables == nullptr) {
      return invalid_argument("config and variables are required");
    }
    return config->settings.load_env(variables);
  });
}

gatelet_status gatelet_config_check(const gatelet_config* config, size_t* num_problems) {
  if (num_problems != nullptr) *num_problems = 0;
  return guard(nullptr, [&]() -> Result<void> {
    if (config == nullptr || num_problems == nullptr)
      return invalid_argument("config and num_problems are required");
    *num_problems = config->settings.check().size();
    return {};
  });
}

gatelet_status gatelet_config_problem(const gatelet_config* config, size_t i,
                                      gatelet_error* error) {
  Error problem;
  const auto status = guard(error, [&]() -> Result<void> {
    if (config == nullptr || error == nullptr)
      return invalid_argument("config and error are required");
    auto problems = config->settings.check();
    if (i >= problems.size()) return invalid_argument("there is no problem of this number");
    problem = std::move(problems[i]);
    return {};
  });
  if (status == GATELET_OK) write_error(error, to_c(problem.status), problem.text);
  return status;
}

gatelet_status gatelet_config_on_event(gatelet_config* config, gatelet_event_fn on_event,
                                       void* user, void (*drop_user)(void* user)) {
  return guard(nullptr, [&]() -> Result<void> {
    const User kept(user, drop_user);
    if (config == nullptr || on_event == nullptr)
      return invalid_argument("config and on_event are required");
    config->on_event = [on_event, kept](const Event& event) {
      const gatelet_event out{sizeof(gatelet_event),  static_cast<int32_t>(event.level),
                              to_c(event.code),       to_c(event.text),
                              to_c(event.request_id), to_c(event.provider),
                              to_c(event.detail),     to_c(event.line)};
      on_event(&out, kept.get());
    };
    return {};
  });
}

gatelet_status gatelet_config_set_store(gatelet_config* config, const gatelet_store* store,
                                        void* user, void (*drop_user)(void* user),
                                        gatelet_error* error) {
  return guard(error, [&]() -> Result<void> {
    const User kept(user, drop_user);
    if (config == nullptr) return invalid_argument("config is required");
    const auto functions = read_struct(store, "store");
    if (!functions.ok()) return functions.error();
    if (functions->get == nullptr || functions->write == nullptr) {
      return invalid_argument("store: get and write are required");
    }
    config->store = std::make_shared<StoreFunctions>(*functions, kept);
    return {};
  });
}
