#include "policy/userinfo.hpp"

#include <string_view>

#include "json/writer.hpp"
#include "session/claim_json.hpp"

namespace gatelet::policy {
namespace {

void write_member(std::string_view name, std::string_view value, std::string& out) {
  json::write_string(name, out);
  out.push_back(':');
  json::write_string(value, out);
}

}  // namespace

std::string userinfo_json(const session::Session& session) {
  std::string out = "{";
  write_member("user", session.user, out);
  out.push_back(',');
  write_member("email", session.email, out);
  if (!session.groups.empty()) {
    out.append(",\"groups\":[");
    for (std::size_t i = 0; i < session.groups.size(); ++i) {
      if (i > 0) out.push_back(',');
      json::write_string(session.groups[i], out);
    }
    out.push_back(']');
  }
  if (!session.preferred_username.empty()) {
    out.push_back(',');
    write_member("preferredUsername", session.preferred_username, out);
  }
  if (!session.additional_claims.empty()) {
    out.append(",\"additionalClaims\":");
    session::write_claim_json(session::msgpack::Value(session.additional_claims), out);
  }
  out.append("}\n");  // Go's encoder ends a document with a line end
  return out;
}

}  // namespace gatelet::policy
