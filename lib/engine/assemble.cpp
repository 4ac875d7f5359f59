#include "engine/assemble.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "config/resolve.hpp"
#include "crypto/pkey.hpp"
#include "jose/jwk.hpp"
#include "oidc/discovery.hpp"
#include "policy/page_templates.hpp"

namespace gatelet::engine {
namespace {

using config::Row;

constexpr std::size_t max_secret_size = 64 * 1024;
constexpr std::size_t max_pem_size = 1024 * 1024;

// A path as a problem shows it: it comes from the operator's own file.
std::string named(std::string_view path) { return "\"" + std::string(path) + "\""; }

// Reads the files that settings name; what is wrong with one joins the list of problems.
class FileReader {
 public:
  FileReader(Files& files, config::Problems& problems) : files_(files), problems_(problems) {}

  std::optional<std::string> read(const config::ProviderName& provider, Row row,
                                  const std::string& path, std::size_t max_size) {
    auto content = files_.read(path, max_size);
    if (content.ok()) return std::move(content).value();
    problems_.add(provider, row, named(path) + " cannot be read: " + content.error().text,
                  Status::unreadable_file);
    return std::nullopt;
  }

  std::optional<Secret> read_secret(const config::ProviderName& provider, Row row,
                                    const std::string& path) {
    auto content = read(provider, row, path, max_secret_size);
    if (!content) return std::nullopt;
    Secret secret(*content);
    wipe(*content);
    return secret;
  }

  // A file that need not be there; one that is there and cannot be read is a problem.
  std::optional<std::string> read_if_there(Row row, const std::string& path, std::size_t max_size) {
    if (files_.stamp(path).empty()) {
      auto content = files_.read(path, max_size);  // a port may tell no stamps
      return content.ok() ? std::optional(std::move(content).value()) : std::nullopt;
    }
    return read({}, row, path, max_size);
  }

  void refuse(const config::ProviderName& provider, Row row, const std::string& path,
              std::string_view said) {
    problems_.add(provider, row, named(path) + " " + std::string(said));
  }

  config::Problems& problems() noexcept { return problems_; }

 private:
  Files& files_;
  config::Problems& problems_;
};

std::string_view without_line_end(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::shared_ptr<const session::CookieKeys> cookie_keys(const config::Resolved& resolved,
                                                       FileReader& reader) {
  Secret secret = resolved.cookie_secret;
  const auto& path = resolved.cookie_secret_file;
  if (!path.empty()) {
    auto content = reader.read({}, Row::cookie_secret_file, path, max_secret_size);
    if (!content) return nullptr;
    secret = Secret(*content);  // byte for byte, a line end included
    wipe(*content);
  }
  auto keys = session::CookieKeys::make(secret, resolved.cookie_secrets_previous);
  if (keys.ok()) return std::move(keys).value();
  if (!path.empty() && session::aes_key_of(secret).empty()) {
    reader.refuse({}, Row::cookie_secret_file, path,
                  "holds " + std::to_string(secret.size()) +
                      " bytes; write 16, 24 or 32, or base64url of as many, without a line end");
  }
  return nullptr;  // a secret that was set has been judged with the other options
}

std::shared_ptr<const policy::EmailList> emails(const std::string& path, FileReader& reader) {
  if (path.empty()) return nullptr;
  const auto content = reader.read({}, Row::authenticated_emails_file, path, max_emails_file_size);
  if (!content) return nullptr;
  auto list = policy::EmailList::parse(*content);
  if (list.ok()) return std::make_shared<const policy::EmailList>(std::move(list).value());
  reader.refuse({}, Row::authenticated_emails_file, path, list.error().text);
  return nullptr;
}

std::shared_ptr<const policy::Htpasswd> users(const std::string& path, FileReader& reader) {
  if (path.empty()) return nullptr;
  const auto content = reader.read({}, Row::htpasswd_file, path, max_htpasswd_file_size);
  if (!content) return nullptr;
  auto users = policy::Htpasswd::parse(*content);
  if (users.ok() && !users->is_empty()) {
    return std::make_shared<const policy::Htpasswd>(std::move(users).value());
  }
  reader.refuse({}, Row::htpasswd_file, path,
                users.ok() ? "holds no user; write name:hash, one a line" : users.error().text);
  return nullptr;
}

// The secret in a file, without one line end; nullopt where there is none, which has been told.
std::optional<Secret> secret_in(const std::string& path, Row row, FileReader& reader) {
  if (path.empty()) return std::nullopt;
  auto content = reader.read({}, row, path, max_secret_size);
  if (!content) return std::nullopt;
  Secret secret(without_line_end(*content));
  wipe(*content);
  if (!secret.empty()) return secret;
  reader.refuse({}, row, path, "is empty");
  return std::nullopt;
}

// basic_auth_password_file and signature_key_file.
void read_header_secrets(const config::Resolved& resolved, policy::HeaderPolicy& headers,
                         FileReader& reader) {
  const auto password =
      secret_in(resolved.basic_auth_password_file, Row::basic_auth_password_file, reader);
  for (auto* rules : {&headers.rules.request, &headers.rules.response}) {
    for (auto& rule : *rules) {
      for (auto& value : rule.values) {
        if (password && value.password) value.password = password;
      }
    }
  }
  const auto& path = resolved.signature_key_file;
  const auto key = secret_in(path, Row::signature_key_file, reader);
  if (!key) return;
  auto signer = policy::RequestSigner::make(*key);
  if (!signer.ok()) return reader.refuse({}, Row::signature_key_file, path, signer.error().text);
  headers.signer = std::make_shared<const policy::RequestSigner>(std::move(*signer));
}

// What names an attempt with a password, in this generation of settings only.
std::shared_ptr<const crypto::HmacKey> attempt_key(Entropy& entropy) {
  constexpr std::size_t key_size = 32;
  std::array<char, key_size> bytes{};
  if (!entropy.fill(std::as_writable_bytes(std::span(bytes))).ok()) return nullptr;
  auto key = crypto::HmacKey::make(crypto::Digest::sha256, Secret({bytes.data(), bytes.size()}));
  wipe(bytes.data(), bytes.size());
  if (!key.ok()) return nullptr;
  return std::make_shared<const crypto::HmacKey>(std::move(key).value());
}

// The texts and passwords of header rules that stand in files.
void read_header_files(const std::vector<config::HeaderFile>& files, policy::HeaderRules& rules,
                       FileReader& reader) {
  for (const auto& file : files) {
    auto content = reader.read({}, file.row, file.path, max_secret_size);
    if (!content) continue;
    const Secret secret(without_line_end(*content));
    wipe(*content);
    const auto said = file.is_password ? std::string() : config::field_complaint(secret.reveal());
    if (secret.empty()) reader.refuse({}, file.row, file.path, "is empty");
    if (!said.empty()) reader.refuse({}, file.row, file.path, said);
    auto& side = file.row == Row::inject_request_headers ? rules.request : rules.response;
    auto& value = side.at(file.rule).values.at(file.value);
    (file.is_password ? value.password : value.text) = secret;
  }
}

// By what a file begins with; empty for anything else.
std::string_view image_type(std::string_view content) noexcept {
  using namespace std::string_view_literals;
  if (content.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (content.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (content.starts_with("GIF87a") || content.starts_with("GIF89a")) return "image/gif";
  if (content.starts_with("RIFF") && content.substr(0, 12).ends_with("WEBP")) return "image/webp";
  const bool is_xml = content.starts_with("<svg") || content.starts_with("<?xml");
  return is_xml && content.find("<svg") != std::string_view::npos ? "image/svg+xml"sv : ""sv;
}

// The image as a data: URL (RFC 2397): no page loads anything.
std::string logo(const std::string& path, FileReader& reader) {
  constexpr std::size_t max_logo_size = 64 * 1024;
  if (path.empty() || path.find("://") != std::string::npos) return {};  // judged already
  const auto content = reader.read({}, Row::custom_sign_in_logo, path, max_logo_size);
  if (!content) return {};
  const auto type = image_type(*content);
  if (type.empty()) {
    reader.refuse({}, Row::custom_sign_in_logo, path,
                  "is no image that is known here; write a PNG, JPEG, GIF, WebP or SVG file");
    return {};
  }
  return "data:" + std::string(type) + ";base64," + base64::encode(*content);
}

std::shared_ptr<const policy::PageTemplates> templates(const std::string& folder,
                                                       FileReader& reader) {
  constexpr auto row = Row::custom_templates_dir;
  constexpr std::size_t max_template_size = 256 * 1024;
  if (folder.empty()) return nullptr;
  const auto sign_in = reader.read_if_there(row, folder + "/sign_in.html", max_template_size);
  const auto error = reader.read_if_there(row, folder + "/error.html", max_template_size);
  if (!sign_in && !error) {
    if (reader.problems().has(row)) return nullptr;
    reader.refuse({}, row, folder, "holds neither sign_in.html nor error.html");
    return nullptr;
  }
  auto made = policy::PageTemplates::compile(sign_in, error);
  if (made.ok()) return std::make_shared<const policy::PageTemplates>(std::move(made).value());
  reader.refuse({}, row, folder, "has a template that cannot be used: " + made.error().text);
  return nullptr;
}

void read_client_secret(config::ResolvedProvider& from, FileReader& reader) {
  const auto& path = from.client_secret_file;
  if (path.empty()) return;
  auto content = reader.read(from.name, Row::client_secret_file, path, max_secret_size);
  if (!content) return;
  from.provider.client.secret = Secret(without_line_end(*content));
  wipe(*content);
  if (from.provider.client.secret.empty())
    reader.refuse(from.name, Row::client_secret_file, path, "is empty");
}

std::shared_ptr<const HttpTrust> trust_of(config::ResolvedProvider& from, FileReader& reader) {
  for (const auto& path : from.ca_files) {
    const auto content = reader.read(from.name, Row::provider_ca_files, path, max_pem_size);
    if (!content) continue;
    if (content->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      reader.refuse(from.name, Row::provider_ca_files, path,
                    "holds no certificate; write a PEM file");
      continue;
    }
    from.trust.ca_pem += *content;
    if (!from.trust.ca_pem.ends_with('\n')) from.trust.ca_pem += '\n';
  }
  return std::make_shared<const HttpTrust>(std::move(from.trust));
}

jose::KeySet public_keys(const config::ResolvedProvider& from, FileReader& reader) {
  std::vector<std::shared_ptr<const jose::Key>> keys;
  for (const auto& path : from.public_key_files) {
    const auto content = reader.read(from.name, Row::oidc_public_key_files, path, max_pem_size);
    if (!content) continue;
    auto key = crypto::PublicKey::pem(*content);
    if (!key.ok()) {
      reader.refuse(from.name, Row::oidc_public_key_files, path,
                    "holds no usable public key: " + key.error().text);
      continue;
    }
    keys.push_back(
        std::make_shared<const jose::Key>(std::nullopt, std::nullopt, std::move(key).value()));
  }
  return jose::KeySet(std::move(keys));
}

// What discovery would have settled, for a provider that is described by hand. Options that do not
// allow it have been judged already; what only shows here is told when nothing else is wrong.
void settle_by_hand(config::ResolvedProvider& from, FileReader& reader) {
  auto settled = oidc::provider_without_discovery(from.provider);
  if (settled.ok()) {
    from.provider = std::move(settled).value();
  } else if (reader.problems().empty()) {
    reader.problems().add(from.name, Row::skip_oidc_discovery, settled.error().text);
  }
}

std::shared_ptr<const oidc::ProviderState> first_state(config::ResolvedProvider& from,
                                                       FileReader& reader) {
  read_client_secret(from, reader);
  from.provider.trust = trust_of(from, reader);
  auto state = std::make_shared<oidc::ProviderState>();
  state->keys = public_keys(from, reader);
  state->has_keys = !state->keys.empty();
  state->has_metadata = !from.provider.discover;
  if (state->has_metadata) settle_by_hand(from, reader);
  state->provider = std::make_shared<const oidc::Provider>(std::move(from.provider));
  return state;
}

io::RedisSettings::Topology topology_of(config::ResolvedStore::RedisTopology from) {
  using From = config::ResolvedStore::RedisTopology;
  using To = io::RedisSettings::Topology;
  switch (from) {
    case From::standalone: return To::standalone;
    case From::sentinel: return To::sentinel;
    case From::cluster: return To::cluster;
  }
  unreachable();
}

// Null: there is none, or it is a problem.
std::shared_ptr<const io::TlsClientCertificate> client_certificate(
    const config::ResolvedStore& from, FileReader& reader) {
  const auto& path = from.redis_client_certificate_file;
  const auto& key_path = from.redis_client_key_file;
  if (path.empty()) return nullptr;
  const auto pem = reader.read({}, Row::redis_client_certificate_path, path, max_pem_size);
  const auto key_pem = reader.read_secret({}, Row::redis_client_key_path, key_path);
  if (!pem || !key_pem) return nullptr;
  auto chain = io::TlsClientCertificate::read_chain(*pem);
  if (!chain.ok()) {
    reader.refuse({}, Row::redis_client_certificate_path, path, chain.error().text);
    return nullptr;
  }
  auto made = io::TlsClientCertificate::create(std::move(chain).value(), key_pem->reveal());
  if (made.ok()) return std::move(made).value();
  reader.refuse({}, Row::redis_client_key_path, key_path, made.error().text);
  return nullptr;
}

io::StoreSettings store_settings(const config::ResolvedStore& from,
                                 const std::shared_ptr<SessionStore>& host, FileReader& reader) {
  using Kind = config::ResolvedStore::Kind;
  io::StoreSettings store;
  store.timeout = from.timeout;
  switch (from.kind) {
    case Kind::cookie: break;
    case Kind::memory:
      store.kind = io::StoreSettings::Kind::memory;
      store.max_records = from.memory_limit;
      break;
    case Kind::redis:
      store.kind = io::StoreSettings::Kind::redis;
      store.redis.topology = topology_of(from.redis_topology);
      store.redis.urls = from.redis;
      store.redis.sentinel_master_name = from.redis_sentinel_master_name;
      store.redis.sentinel_password = from.redis_sentinel_password;
      store.redis.client = client_certificate(from, reader);
      store.redis.insecure_skip_verify = from.redis_insecure_skip_verify;
      store.redis.idle_limit = from.redis_idle_limit;
      break;
    case Kind::host:
      store.kind = io::StoreSettings::Kind::host;
      store.host = host;
      if (host) break;
      reader.problems().add(Row::session_store_type,
                            "\"host\" needs a store that the program brings, and it brought none; "
                            "set Ports::store, in C call gatelet_config_set_store");
      break;
  }
  if (from.redis_ca_file.empty()) return store;
  auto pem = reader.read({}, Row::redis_ca_path, from.redis_ca_file, max_pem_size);
  if (pem && pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    reader.refuse({}, Row::redis_ca_path, from.redis_ca_file,
                  "holds no certificate; write a PEM file");
  }
  if (pem) store.redis.ca_pem = std::move(*pem);
  return store;
}

// With TLS to Redis prepared, which nobody who decides has to wait for then.
io::StoreSettings prepared(io::StoreSettings store, FileReader& reader) {
  const bool has_none = store.kind != io::StoreSettings::Kind::redis || store.redis.urls.empty();
  if (has_none || reader.problems().has(Row::redis_ca_path)) return store;
  auto tls = io::redis_tls(store.redis);
  if (tls.ok()) {
    store.redis.tls = std::move(tls).value();
    return store;
  }
  const std::string_view text = tls.error().text, of_authorities = "redis_ca_path: ";
  const bool is_about_them = text.starts_with(of_authorities);
  reader.problems().add(is_about_them ? Row::redis_ca_path : Row::redis_connection_url,
                        std::string(is_about_them ? text.substr(of_authorities.size()) : text));
  return store;
}

io::DriverSettings driver_settings(const config::Resolved& resolved) {
  io::DriverSettings driver;
  driver.own_thread = resolved.own_thread;
  driver.max_operations = resolved.max_operations;
  driver.http_timeout = resolved.http_timeout;
  driver.operation_timeout = 3 * resolved.http_timeout;  // metadata, keys and the exchange itself
  driver.http_connections = static_cast<long>(resolved.http_connections);
  return driver;
}

std::shared_ptr<const SessionHooks> hooks_of(const Ports& ports) {
  const auto& hooks = ports.hooks;
  const bool has_any = hooks.authenticated || hooks.created || hooks.refreshed || hooks.ended;
  return has_any ? std::make_shared<const SessionHooks>(hooks) : nullptr;
}

Error all_of(const config::Problems& problems) {
  Error error{Status::invalid_configuration, {}};
  for (const auto& problem : problems.in_order()) {
    if (!error.text.empty()) error.text += '\n';
    error.text += problem.text;
  }
  return error;
}

// The same configuration, whichever objects hold what to trust.
bool is_unchanged(const oidc::Provider& before, const oidc::Provider& next) {
  const bool has_trust = before.trust && next.trust;
  if (has_trust ? *before.trust != *next.trust : before.trust != next.trust) return false;
  auto aligned = next;
  aligned.trust = before.trust;
  return aligned == before;
}

}  // namespace

Result<Assembled> assemble(const Settings& settings, const Ports& ports, std::uint64_t generation) {
  auto resolved = config::resolve(settings);
  FileReader reader(*ports.files, resolved.problems);

  auto context = std::make_shared<flow::Context>();
  context->policy = std::move(resolved.policy);
  context->policy.email.addresses = emails(resolved.emails_file, reader);
  context->policy.password.users = users(resolved.htpasswd_file, reader);
  read_header_files(resolved.header_files, context->policy.headers.rules, reader);
  read_header_secrets(resolved, context->policy.headers, reader);
  context->policy.pages.logo = logo(resolved.logo_file, reader);
  context->policy.pages.templates = templates(resolved.templates_dir, reader);
  context->session = std::move(resolved.session);
  context->cookie_keys = cookie_keys(resolved, reader);
  if (context->session.has_store()) {
    auto gcm = crypto::Gcm::make();
    if (!gcm.ok()) return std::move(gcm).error();
    context->gcm = std::make_shared<const crypto::Gcm>(std::move(gcm).value());
  }
  context->entropy = ports.entropy;
  context->hooks = hooks_of(ports);
  context->session.refreshes_behind = !ports.hooks.refreshed;
  context->several_providers = resolved.providers.size() > 1;

  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = generation;
  snapshot->emails_file = resolved.emails_file;
  snapshot->htpasswd_file = resolved.htpasswd_file;
  for (auto& provider : resolved.providers) {
    auto state = first_state(provider, reader);
    snapshot->configured.push_back(state->provider);
    snapshot->providers.push_back(std::move(state));
  }
  for (auto& issuer : resolved.token_issuers) {
    auto state = first_state(issuer, reader);
    snapshot->configured.push_back(state->provider);
    snapshot->token_issuers.push_back(std::move(state));
  }
  auto store = prepared(store_settings(resolved.store, ports.store, reader), reader);
  if (context->session.has_store()) {
    store.key_prefix = context->session.cookie_name + "-";
    store.max_staleness = context->session.cache_max_staleness;
  }
  if (!resolved.problems.empty()) return all_of(resolved.problems);
  if (!context->cookie_keys) return Error{Status::internal, "the cookie keys cannot be prepared"};
  if (context->policy.password.enabled) {
    snapshot->attempt_key = attempt_key(*ports.entropy);
    if (!snapshot->attempt_key) return Error{Status::no_entropy, "no key for password attempts"};
  }
  snapshot->context = std::move(context);

  Assembled assembled;
  assembled.snapshot = std::move(snapshot);
  assembled.session_cache_size = resolved.session_cache_size;
  assembled.driver = driver_settings(resolved);
  assembled.driver.store = std::move(store);
  assembled.warnings = std::move(resolved.warnings);
  assembled.notices = std::move(resolved.notices);
  if (ports.store && assembled.driver.store.kind != io::StoreSettings::Kind::host) {
    assembled.notices.push_back(
        {"store-unused",
         "the program brought a store for sessions, and session_store_type is not \"host\": it is "
         "not asked"});
  }
  return assembled;
}

std::shared_ptr<const Snapshot> keep_known_providers(const Snapshot& before, const Snapshot& next) {
  auto merged = std::make_shared<Snapshot>(next);
  for (std::size_t i = 0; i < merged->configured.size(); ++i) {
    for (const auto& configured : before.configured) {
      if (!is_unchanged(*configured, *merged->configured[i])) continue;
      // Keys from files are read anew: the operator may have put other keys there.
      const auto known = before.signer(configured->id);
      const auto num_providers = merged->providers.size();
      auto& slot =
          i < num_providers ? merged->providers[i] : merged->token_issuers[i - num_providers];
      if (known && slot->keys.empty()) slot = known;
    }
  }
  return merged;
}

}  // namespace gatelet::engine
