#include "provider.hpp"

#include <algorithm>
#include <chrono>
#include <regex>
#include <set>

#include "pages.hpp"

namespace dev_idp {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// Blanks without end, or until `limit`; a client with a cap hangs up long before.
void answer_blanks(httplib::Response& response, std::size_t limit, bool announces) {
  const auto send = [limit](std::size_t offset, httplib::DataSink& sink) {
    static const std::string block(64 * 1024, ' ');
    if (offset >= limit) {
      if (sink.done) sink.done();
      return true;
    }
    return sink.write(block.data(), std::min(block.size(), limit - offset));
  };
  if (announces) {
    response.set_content_provider(limit, "application/json",
                                  [send](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                    return send(offset, sink);
                                  });
  } else {
    response.set_chunked_content_provider("application/json", send);
  }
}

void answer_slowly(Provider& provider, httplib::Response& response) {
  const std::string body = response.body.empty() ? std::string(3600, ' ') : response.body;
  const auto type = response.get_header_value("Content-Type");
  response.body.clear();
  response.headers.erase("Content-Type");
  response.set_content_provider(
      body.size(), type.empty() ? "application/json" : type,
      [&provider, body](std::size_t offset, std::size_t, httplib::DataSink& sink) {
        return sink.write(body.data() + offset, 1) &&
               provider.patience.wait(std::chrono::seconds(1));
      });
}

void answer_cut_off(httplib::Response& response) {
  const std::string body = response.body.empty() ? R"({"issuer":"http)" : response.body;
  response.body.clear();
  response.headers.erase("Content-Type");
  response.set_content_provider(body.size() + 100, "application/json",
                                [body](std::size_t, std::size_t, httplib::DataSink& sink) {
                                  sink.write(body.data(), body.size() / 2);
                                  return false;
                                });
}

void misbehave(Provider& provider, const std::string& kind, const httplib::Request& request,
               httplib::Response& response, const httplib::Server::Handler& handler) {
  if (kind == "slow") {
    handler(request, response);
    answer_slowly(provider, response);
  } else if (kind == "truncated") {
    answer_cut_off(response);
  } else if (kind == "hang") {
    provider.patience.wait(std::chrono::minutes(5));
    response.status = 500;
  } else if (kind == "huge") {
    answer_blanks(response, 64 * mebibyte, false);
  } else if (kind == "huge-length") {
    answer_blanks(response, 1024 * mebibyte, true);
  } else if (kind == "redirect") {
    response.set_redirect(provider.base_url + "/dev/elsewhere", 302);
  } else if (kind == "garbage") {
    response.set_content("{\"issuer\": \xff\x00\x01 ][", "application/json");
  } else if (kind == "html") {
    response.set_content("<html><script>alert('canary')</script></html>", "text/html");
  } else if (kind == "wrong-type") {
    response.set_content("[1, 2, 3]", "application/json");
  } else if (kind == "empty") {
    response.set_content("", "application/json");
  } else {
    response.status = std::stoi(kind);
    if (kind == "503" || kind == "429") response.set_header("Retry-After", "7");
    response.set_content("canary: the provider's own words", "text/plain");
  }
}

}  // namespace

long now_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::optional<std::string> parameter(const httplib::Request& request, const std::string& name) {
  if (request.get_param_value_count(name) != 1) return std::nullopt;
  return request.get_param_value(name);
}

bool has_duplicates(const httplib::Request& request) {
  return std::any_of(request.params.begin(), request.params.end(),
                     [&](const auto& field) { return request.params.count(field.first) > 1; });
}

bool is_loopback_uri(const std::string& uri) {
  for (const std::string host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (uri.rfind(host, 0) == 0 && uri.size() > host.size() &&
        (uri[host.size()] == ':' || uri[host.size()] == '/')) {
      return uri.find_first_of("@#\\", host.size()) == std::string::npos;
    }
  }
  return false;
}

void answer_json(httplib::Response& response, int status, const nlohmann::json& body) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_content(body.dump(), "application/json");
}

void answer_page(httplib::Response& response, int status, const std::string& html) {
  response.status = status;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Frame-Options", "DENY");
  response.set_header("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; script-src " +
                          form_post_script_source() + "; frame-ancestors 'none'; base-uri 'none'");
  response.set_content(html, "text/html; charset=utf-8");
}

void redirect_to(httplib::Response& response, const std::string& url) {
  response.set_header("Cache-Control", "no-store");
  response.set_redirect(url, 303);
}

httplib::Server::Handler endpoint(Provider& provider, std::string name,
                                  httplib::Server::Handler handler) {
  return [&provider, name = std::move(name), handler = std::move(handler)](
             const httplib::Request& request, httplib::Response& response) {
    std::set<std::string> names;
    for (const auto& field : request.params) names.insert(field.first);
    provider.journal.arrived(request.method, request.path.substr(provider.base_path.size()),
                             {names.begin(), names.end()});

    const auto kind = name.empty() ? std::nullopt : provider.faults.take_kind(name);
    if (kind) {
      misbehave(provider, *kind, request, response, handler);
    } else {
      handler(request, response);
    }
    // The answer was lost on its way, and the grant is used all the same.
    if (name == "token" && response.status == 200 && provider.faults.take("token-lost-answer")) {
      answer_cut_off(response);
    }
  };
}

std::string route(const Provider& provider, const std::string& path) {
  static const std::regex special(R"([.^$|()\[\]{}*+?\\])");
  return std::regex_replace(provider.base_path, special, R"(\$&)") + path;
}

}  // namespace dev_idp
