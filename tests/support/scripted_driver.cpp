#include "support/scripted_driver.hpp"

namespace gatelet::support {

Result<flow::Outcome> ScriptedDriver::carry_out(const flow::Effect& effect) {
  if (const auto* call = std::get_if<HttpCall>(&effect)) {
    seen.push_back(call->method + " " + call->url);
    auto reply = on_http(*call, now);
    if (!reply.ok()) return std::move(reply).error();
    return flow::Outcome(std::move(reply).value());
  }
  if (const auto* delay = std::get_if<flow::Delay>(&effect)) {
    seen.emplace_back("delay");
    delays.push_back(delay->duration);
    now = now + delay->duration;
    return flow::Outcome(flow::Elapsed{});
  }
  if (const auto* check = std::get_if<flow::PasswordCheck>(&effect)) {
    seen.emplace_back("password");
    return flow::Outcome(flow::PasswordChecked{check->hash->slow_match(check->password.reveal())});
  }
  if (const auto* call = std::get_if<flow::StoreCall>(&effect)) {
    constexpr std::string_view names[] = {"get",   "put",  "replace", "swap",
                                          "erase", "lock", "extend",  "unlock"};
    seen.push_back("store " + std::string(names[static_cast<std::size_t>(call->what)]));
    auto reply = on_store(*call);
    if (!reply.ok()) return std::move(reply).error();
    return flow::Outcome(std::move(reply).value());
  }
  const auto& refetch = std::get<flow::Refetch>(effect);
  const bool keys = refetch.what == flow::Refetch::What::keys;
  seen.emplace_back(keys ? "refetch keys" : "refetch metadata");
  auto fetched = on_refetch(refetch);
  if (!fetched.ok()) return std::move(fetched).error();
  return flow::Outcome(std::move(fetched).value());
}

flow::Reply ScriptedDriver::answer(const flow::Effect& effect) {
  ++num_effects;
  auto outcome = carry_out(effect);
  now = now + latency;
  flow::Reply reply(std::move(outcome), now);
  if (fault) reply = fault(num_effects, effect, std::move(reply));
  now = reply.arrived;
  return reply;
}

}  // namespace gatelet::support
