#include "policy/page_templates.hpp"

#include <gatelet/version.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/base64.hpp"
#include "crypto/hash.hpp"

namespace gatelet::policy {
namespace {

using http::TemplateField;
using Kind = TemplateField::Kind;

constexpr std::array<TemplateField, 9> sign_in_fields = {{{"ProviderName"},
                                                          {"SignInMessage"},
                                                          {"StatusCode", Kind::number},
                                                          {"CustomLogin", Kind::boolean},
                                                          {"Redirect"},
                                                          {"Version"},
                                                          {"ProxyPrefix", Kind::path},
                                                          {"Footer"},
                                                          {"LogoData", Kind::ready}}};
constexpr std::array<TemplateField, 8> error_fields = {{{"Title"},
                                                        {"Message"},
                                                        {"ProxyPrefix", Kind::path},
                                                        {"StatusCode", Kind::number},
                                                        {"Redirect"},
                                                        {"RequestID"},
                                                        {"Footer"},
                                                        {"Version"}}};

constexpr std::string_view sign_in_name = "sign_in.html", error_name = "error.html";
constexpr std::string_view version = "gatelet " GATELET_VERSION_TEXT;

std::string hash_source(std::string_view text) {
  const auto hashed = crypto::hash(crypto::Digest::sha256, text);
  return hashed.ok() ? " 'sha256-" + base64::encode(*hashed) + "'" : std::string();
}

// A directive that allows these texts, and what `also` says; empty when there is nothing to allow.
std::string directive(std::string_view name, const std::vector<std::string>& elements,
                      const std::vector<std::string>& attributes, const std::string& also) {
  std::string out = also;
  for (const auto& text : elements) out += hash_source(text);
  if (!attributes.empty()) out += " 'unsafe-hashes'";  // the hashes count for attributes too
  for (const auto& text : attributes) out += hash_source(text);
  return out.empty() ? out : "; " + std::string(name) + out;
}

bool loads_something(const std::vector<std::string>& styles) {
  return std::any_of(styles.begin(), styles.end(), [](const std::string& style) {
    return style.find("url(") != std::string::npos || style.find("@import") != std::string::npos;
  });
}

std::string policy_of(const http::HtmlAssets& assets, bool shows_logo) {
  std::string scripts;
  for (const auto& source : assets.script_sources) scripts += " " + source;
  const bool has_links = assets.has_links || loads_something(assets.styles) ||
                         loads_something(assets.style_attributes);
  const std::string elsewhere = has_links ? " 'self' https:" : "";
  std::string out = "default-src 'none'";
  out += directive("style-src", assets.styles, assets.style_attributes, elsewhere);
  out += directive("script-src", assets.scripts, assets.event_attributes, scripts);
  if (has_links || shows_logo) out += "; img-src data:" + elsewhere;
  if (has_links) out += "; font-src data:" + elsewhere;
  return out;
}

Result<PageTemplate> compile_page(const http::TemplateParts& parts, std::string_view name,
                                  std::span<const TemplateField> fields) {
  auto made = http::Template::compile(parts, name, fields, http::Template::Form::page);
  if (!made.ok()) return prefixed(name, std::move(made).error());
  auto policy = policy_of(made->assets(), made->prints("LogoData"));
  constexpr std::size_t max_policy_size = 4096;  // proxies refuse larger header fields
  if (policy.size() > max_policy_size) {
    return Error{Status::malformed,
                 std::string(name) +
                     ": too many styles and scripts for a Content-Security-Policy; "
                     "put them together"};
  }
  return PageTemplate{std::move(made).value(), std::move(policy)};
}

Result<void> parse(std::string_view name, const std::optional<std::string>& text,
                   http::TemplateParts& parts) {
  if (!text) return {};
  auto parsed = http::parse_template(name, *text, parts);
  return parsed.ok() ? Result<void>() : Result<void>(prefixed(name, std::move(parsed).error()));
}

}  // namespace

Result<PageTemplates> PageTemplates::compile(const std::optional<std::string>& sign_in,
                                             const std::optional<std::string>& error) {
  http::TemplateParts parts;
  if (auto parsed = parse(sign_in_name, sign_in, parts); !parsed.ok()) {
    return std::move(parsed).error();
  }
  if (auto parsed = parse(error_name, error, parts); !parsed.ok()) {
    return std::move(parsed).error();
  }
  PageTemplates out;
  if (sign_in) {
    auto page = compile_page(parts, sign_in_name, sign_in_fields);
    if (!page.ok()) return std::move(page).error();
    out.sign_in_ = std::move(page).value();
  }
  if (error) {
    auto page = compile_page(parts, error_name, error_fields);
    if (!page.ok()) return std::move(page).error();
    out.error_ = std::move(page).value();
  }
  return out;
}

std::string render(const PageTemplate& page, const SignInFields& f) {
  const std::array<http::TemplateValue, sign_in_fields.size()> values = {
      f.provider_name, f.sign_in_message, f.status_code, f.custom_login, f.redirect,
      version,         f.proxy_prefix,    f.footer,      f.logo_data};
  return page.made.render(values);
}

std::string render(const PageTemplate& page, const ErrorFields& f) {
  const std::array<http::TemplateValue, error_fields.size()> values = {
      f.title,    f.message,    f.proxy_prefix, f.status_code,
      f.redirect, f.request_id, f.footer,       version};
  return page.made.render(values);
}

}  // namespace gatelet::policy
