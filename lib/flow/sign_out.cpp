#include "flow/sign_out.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flow/ask_hook.hpp"
#include "flow/load_session.hpp"
#include "flow/provider_keys.hpp"
#include "flow/refresh_shared_session.hpp"
#include "flow/session_index.hpp"
#include "flow/sign_out_state.hpp"
#include "http/form.hpp"
#include "http/header.hpp"
#include "http/query.hpp"
#include "http/url.hpp"
#include "oidc/backend_logout.hpp"
#include "oidc/end_session.hpp"
#include "policy/answer.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/pages.hpp"
#include "policy/request_id.hpp"
#include "policy/return_to.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::flow {
namespace {

constexpr std::string_view id_token_mark = "{id_token}";

// Where to go afterwards, in the order of wishes. Not the request's own target: whoever signs out
// at an address of the application would come back to it and sign out again.
policy::SafeReturn wished_target(const policy::Policy& policy, const policy::RequestFacts& facts,
                                 std::string_view wish) {
  const auto parameter = http::query_value(facts.own_query, "rd", policy.query_semicolon);
  const bool has_parameter = parameter.ok() && parameter->has_value();
  const auto* field = http::find_header(facts.headers, "X-Auth-Request-Redirect");
  return policy::choose_return({wish, has_parameter ? **parameter : std::string_view{},
                                field == nullptr ? std::string_view{} : field->value},
                               policy.return_to);
}

// A target that passed the validator, `{id_token}` in it replaced, and judged once more.
policy::SafeReturn filled(const policy::SafeReturn& target, std::string_view id_token,
                          const policy::ReturnPolicy& policy) {
  std::string text = target.text();
  for (auto at = text.find(id_token_mark); at != std::string::npos;
       at = text.find(id_token_mark, at + id_token.size())) {
    text.replace(at, id_token_mark.size(), id_token);
  }
  return policy::choose_return({text}, policy);
}

// Where the provider sends the browser afterwards.
std::string post_logout_uri(const policy::Policy& policy, const policy::RequestFacts& facts) {
  if (!policy.post_logout_redirect_url.empty()) return policy.post_logout_redirect_url;
  std::string uri;
  const auto configured = http::parse_url(policy.redirect_url);
  if (configured.ok()) {
    uri = configured->origin();
  } else {
    uri.append(policy.cookie_secure ? std::string_view("https") : facts.scheme);
    uri.append("://").append(facts.host);
  }
  return uri.append(policy::endpoint_path(policy, "signed_out"));
}

// The provider as it is now, when the sign-out is to go there; null: it ends here.
Flow<SharedProvider> sign_out_provider(SharedProvider provider) {
  if (!provider || !provider->provider->fetch_end_session) co_return SharedProvider();
  if (!provider->has_metadata) {
    Refetch refetch(provider->provider->id, Refetch::What::metadata);
    auto fetched = co_await attempt(std::move(refetch));
    if (!fetched.ok()) co_return SharedProvider();
    provider = fetched->state;
  }
  if (provider->provider->endpoints.end_session.empty()) co_return SharedProvider();
  co_return provider;
}

// What the request's tickets open goes from the store.
Flow<bool> erase_records(SignOut in, std::vector<SharedTicket> tickets) {
  for (const auto& ticket : tickets) {
    auto erase = StoreCall::erase(ticket->id);
    (void)co_await std::move(erase);
  }
  if (in.session && in.session->ticket) {
    auto leaving =
        unindex_session(in.context, session::subject_of(*in.session), in.session->ticket->id);
    (void)co_await attempt(std::move(leaving));  // an entry without a record is none
  }
  co_return true;
}

// Where processes share refreshes, none gives this session's result to a request that is late. The
// browser is signed out whether or not they can be told.
Flow<bool> end_everywhere(SignOut in) {
  const auto& session = in.session;
  const bool is_shared = in.context->session.keeps_both() && session && !session->ticket;
  if (!is_shared || session->refresh_token.empty()) co_return true;
  auto ending = end_shared_session(in.context, session);
  const auto told = co_await attempt(std::move(ending));
  co_return told.ok();
}

// The host is told, and may stop what would follow.
Flow<bool> tell_hook(SignOut in) {
  if (!in.session) co_return true;
  AskHook ask(in.context, SessionEvent::Moment::ended);
  ask.session = in.session;
  ask.request = in.request;
  auto asking = ask_hook(std::move(ask));
  co_return co_await std::move(asking);
}

// This browser is signed out, and yet it is no success.
Decision stopped(const SignOut& in, const Error& why, Reason reason, std::string_view message,
                 std::span<const std::string> cookies) {
  policy::PageFacts page;
  page.facts = &in.request->facts();
  page.request_id = policy::request_id(in.context->policy, page.facts->headers);
  page.detail = page.error_text = why.text;
  return policy::error_page(in.context->policy, page, status_http(why.status), reason, message,
                            cookies);
}

// Told behind the browser's back; trouble there keeps nobody signed in.
Flow<bool> tell_backend(HttpCall call, std::function<void(const Error&)> on_failed) {
  auto reply = co_await attempt(std::move(call));
  const auto done =
      reply.ok() ? oidc::read_backend_logout_reply(*reply) : Result<void>(std::move(reply).error());
  if (!done.ok() && on_failed) on_failed(done.error());
  co_return done.ok();
}

// The way over the provider; nullopt when it cannot be prepared, and the sign-out ends here.
std::optional<Decision> over_provider(const SignOut& in, const oidc::Provider& provider,
                                      const policy::SafeReturn& target,
                                      std::vector<std::string> cookies, Instant at) {
  const auto& facts = in.request->facts();
  auto kept = write_sign_out_state(*in.context, target.text(), facts.host, at);
  if (!kept.ok()) return std::nullopt;
  const auto hint = in.session ? in.session->id_token : Secret();
  const auto url = oidc::end_session_url(provider, hint, post_logout_uri(in.context->policy, facts),
                                         kept->state);
  if (!url.ok()) return std::nullopt;
  cookies.push_back(std::move(kept->set_cookie));
  return policy::redirect_to(*url, cookies, Reason::signed_out);
}

}  // namespace

Flow<Decision> sign_out(SignOut in) {
  const auto& context = *in.context;
  const auto& facts = in.request->facts();
  const auto cookies = session::clear_session(context.session, facts.host, facts.headers);
  std::vector<SharedTicket> tickets;
  const bool has_store = context.session.is_stored || context.session.keeps_both();
  const auto begun = co_await now();
  if (has_store) tickets = tickets_of(context, facts.headers, begun);
  // Whoever asked for it and went away wants it all the same; a stranger has nothing to end.
  if (in.session || !tickets.empty()) co_await run_to_end();
  auto erasing = erase_records(in, std::move(tickets));
  const auto erased = co_await attempt(std::move(erasing));
  // Whoever copied its cookie is not signed out.
  if (!erased.ok()) co_return stopped(in, erased.error(), Reason::store_unavailable, {}, cookies);
  if (in.trouble) co_return stopped(in, *in.trouble, Reason::store_unavailable, {}, cookies);
  auto ending = end_everywhere(in);
  (void)co_await std::move(ending);
  auto telling_hook = tell_hook(in);
  const auto told = co_await attempt(std::move(telling_hook));
  if (!told.ok()) {
    co_return stopped(in, told.error(), Reason::vetoed,
                      "You are signed out here. This site has stopped what would have followed.",
                      cookies);
  }
  const auto target = wished_target(context.policy, facts, in.return_to);

  const bool has_backend =
      in.session && in.provider && !in.provider->provider->backend_logout_url.empty();
  if (has_backend) {
    auto call = oidc::backend_logout_request(*in.provider->provider, in.session->id_token);
    auto telling = tell_backend(std::move(call), in.on_backend_failed);
    (void)co_await std::move(telling);
  }

  auto choosing = sign_out_provider(in.provider);
  auto provider = co_await std::move(choosing);
  const auto at = co_await now();
  if (provider) {
    auto decision = over_provider(in, *provider->provider, target, cookies, at);
    if (decision) co_return std::move(*decision);
  }
  const auto id_token = in.session ? in.session->id_token.reveal() : std::string_view{};
  const auto location = filled(target, id_token, context.policy.return_to);
  co_return policy::redirect_to(location.text(), cookies, Reason::signed_out);
}

Result<Decision> finish_sign_out(const Context& context, const policy::RequestFacts& facts,
                                 Instant now) {
  const std::vector<std::string> cookies = {clear_sign_out_state(context, facts.host)};
  const auto kept = open_sign_out_state(context, facts.headers, now);
  const auto params = http::parse_form(facts.own_query, context.policy.query_semicolon);
  if (kept.ok() && params.ok() && oidc::check_end_session_return(*params, kept->state).ok()) {
    const auto target = policy::choose_return({kept->return_to}, context.policy.return_to);
    const auto location = filled(target, {}, context.policy.return_to);
    return policy::redirect_to(location.text(), cookies, Reason::signed_out);
  }
  policy::PageFacts page;
  page.facts = &facts;
  page.retry_url = "/";
  page.request_id = policy::request_id(context.policy, facts.headers);
  return policy::error_page(context.policy, page, 403, Reason::state_mismatch,
                            "This sign-out was not started in this browser, or too long ago.",
                            cookies);
}

}  // namespace gatelet::flow
