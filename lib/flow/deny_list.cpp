#include "flow/deny_list.hpp"

#include <chrono>
#include <optional>

#include "flow/stored_record.hpp"
#include "session/lifetime.hpp"

namespace gatelet::flow {
namespace {

using SharedContext = std::shared_ptr<const Context>;

constexpr int max_attempts = 16;
constexpr Duration pause = std::chrono::milliseconds(5);  // grows with every attempt
// Longer than any session that was renewed a moment before its process heard of the denial.
constexpr Duration slack = std::chrono::hours(1);

// What is not authentic is no list; trouble with opening one is trouble.
Result<session::DenyList> read(const Context& context, const std::string& key,
                               const std::optional<std::string>& record, Instant at) {
  if (!record) return session::DenyList();
  auto list = session::open_deny_list(*context.cookie_keys, key, *record, at);
  if (!list.ok() && is_refusal(list.error().status)) return session::DenyList();
  return list;
}

Duration lifetime_of(const Context& context) {
  const auto expire = context.session.cookie_expire;
  return expire == std::chrono::seconds(0) ? Duration::zero() : Duration(expire) + slack;
}

// Under the key of one secret. Writes only over what was read.
Flow<session::DenyList> deny_under(Deny in, std::string key, std::size_t which) {
  for (int i = 1; i <= max_attempts; ++i) {
    auto get = StoreCall::get(key);
    auto found = co_await std::move(get);
    const auto at = co_await now();
    auto reading = read(*in.context, key, found.record, at);
    const auto before = co_await std::move(reading);
    auto added = before.with(in.denials, session::to_timestamp(at));
    auto list = co_await std::move(added);
    auto sealed = session::seal_deny_list(*in.context->cookie_keys, key, which, list, at,
                                          *in.context->entropy);
    auto record = co_await std::move(sealed);
    auto swap =
        StoreCall::swap(key, std::move(found.record), std::move(record), lifetime_of(*in.context));
    const auto swapped = co_await std::move(swap);
    if (swapped.was_there) co_return list;
    Delay wait(i * pause);
    (void)co_await wait;
  }
  co_return Error{Status::too_many_operations,
                  "others kept writing to the deny list in the session store; try again"};
}

}  // namespace

Flow<SharedDenyList> load_deny_list(SharedContext context) {
  auto keys = session::deny_list_keys(context->session, *context->cookie_keys);
  const auto names = co_await std::move(keys);
  session::DenyList all;
  for (const auto& key : names) {
    auto get = StoreCall::get(key);
    const auto found = co_await std::move(get);
    const auto at = co_await now();
    auto reading = read(*context, key, found.record, at);
    const auto list = co_await std::move(reading);
    all = all.merged(list);
  }
  co_return std::make_shared<const session::DenyList>(std::move(all));
}

Flow<SharedDenyList> deny(Deny in) {
  const auto lifetime = lifetime_of(*in.context);
  if (lifetime != Duration::zero()) {
    const auto at = co_await now();
    const auto end = session::to_timestamp(at + lifetime);
    for (auto& one : in.denials) one.forget_at = one.forget_at.value_or(end);
  }
  auto keys = session::deny_list_keys(in.context->session, *in.context->cookie_keys);
  const auto names = co_await std::move(keys);
  session::DenyList all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto denying = deny_under(in, names[i], i);
    const auto list = co_await std::move(denying);
    all = all.merged(list);
  }
  co_return std::make_shared<const session::DenyList>(std::move(all));
}

}  // namespace gatelet::flow
