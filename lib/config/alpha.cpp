#include "config/alpha.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/alpha_server.hpp"
#include "config/options.hpp"
#include "config/value.hpp"
#include "http/header.hpp"
#include "json/writer.hpp"

namespace gatelet::config {
namespace {

enum class Kind : std::uint8_t { text, texts };

struct ProviderField {
  std::string_view section, field;
  Kind kind;
  std::string_view option, unset;
};

constexpr ProviderField provider_fields[] = {
#define FIELD(section, field, kind, option, unset) {section, field, Kind::kind, option, unset},
#include "config/alpha_fields.def"
#undef FIELD
};

constexpr std::string_view sections[] = {"",
                                         "oidcConfig",
                                         "keycloakConfig",
                                         "azureConfig",
                                         "microsoftEntraIDConfig",
                                         "ADFSConfig",
                                         "bitbucketConfig",
                                         "githubConfig",
                                         "gitlabConfig",
                                         "googleConfig",
                                         "loginGovConfig"};

Settings::Entry entry_of(std::string key, const std::vector<std::string>& texts, Kind kind) {
  Settings::Entry entry{std::move(key), {}, kind == Kind::texts, Settings::Origin::file};
  for (const auto& text : texts) entry.values.emplace_back(text);
  entry.is_alpha = true;
  return entry;
}

// The fields of header rules and login parameters, which are read later and without the text.
constexpr std::string_view fields_of_objects[] = {"name",
                                                  "preserveRequestValue",
                                                  "InsecureSkipHeaderNormalization",
                                                  "values",
                                                  "claimSource",
                                                  "secretSource",
                                                  "claim",
                                                  "prefix",
                                                  "basicAuthPassword",
                                                  "value",
                                                  "fromEnv",
                                                  "fromFile",
                                                  "default",
                                                  "allow",
                                                  "pattern"};

// Every name within is one of those, or stands in the text: it may be shown.
bool has_known_names(const json::Value& value, std::string_view written) {
  if (const auto* list = value.array()) {
    return std::all_of(list->begin(), list->end(),
                       [&](const auto& item) { return has_known_names(item, written); });
  }
  if (!value.object()) return true;
  return std::all_of(value.object()->begin(), value.object()->end(), [&](const auto& member) {
    const auto& name = member.first;
    const bool is_known =
        std::any_of(std::begin(fields_of_objects), std::end(fields_of_objects),
                    [&](auto known) { return http::equal_ignoring_case(known, name); });
    return (is_known || written.find(name) != std::string_view::npos) &&
           has_known_names(member.second, written);
  });
}

// A list of objects, each as JSON. An empty one says that there are none.
Settings::Entry objects_of(std::string key, Fields& fields, std::string_view name) {
  Settings::Entry entry{std::move(key), {}, true, Settings::Origin::file};
  std::size_t number = 0;
  for (const auto& item : fields.list(name)) {
    const auto place = std::string(name) + "[" + std::to_string(number++) + "]";
    if (!item.object()) fields.say(place, "expected an object with fields");
    if (const auto written = fields.complaints().written;
        !written.empty() && !has_known_names(item, written)) {
      fields.say(place, "a name that comes from a variable (not shown): there is no such field");
    }
    entry.values.emplace_back(json::to_text(item));
  }
  entry.is_objects = !entry.values.empty();
  entry.is_alpha = true;
  return entry;
}

class Reader {
 public:
  Reader(std::string_view written, const Settings& settings)
      : settings_(settings), complaints_{{}, written} {}

  Alpha read(const json::Value& tree) {
    Fields fields(tree, "", complaints_);
    read_providers(fields);
    add(objects_of("inject_request_headers", fields, "injectRequestHeaders"),
        "injectRequestHeaders");
    add(objects_of("inject_response_headers", fields, "injectResponseHeaders"),
        "injectResponseHeaders");
    for (auto& entry : read_alpha_server(fields, settings_)) add(std::move(entry), "server");
    fields.finish();
    out_.complaints = std::move(complaints_.said);
    return std::move(out_);
  }

 private:
  void add(Settings::Entry entry, std::string place) {
    out_.entries.push_back({std::move(entry), std::move(place)});
  }

  void read_providers(Fields& fields) {
    const auto& list = fields.list("providers");
    if (list.empty()) fields.say("providers", "missing; write at least one provider");
    for (const auto& provider : list) {
      const auto place = "providers[" + std::to_string(ids_.size()) + "].";
      Fields of_provider(provider, place, complaints_);
      const auto prefix = take_id(of_provider, list.size());
      for (const auto section : sections) read_section(of_provider, section, prefix);
      add(objects_of(prefix + "login_url_parameters", of_provider, "loginURLParameters"),
          of_provider.place_of("loginURLParameters"));
      of_provider.finish();
    }
    for (auto& [option, values, place] : shared_) add(std::move(values), place);
  }

  // What the names of the provider's options begin with. An id as the reference's converter makes
  // one ("oidc=client") is none here, which does no harm where there is nothing to tell apart.
  std::string take_id(Fields& fields, std::size_t num_providers) {
    auto id = fields.text("id");
    const bool is_id = is_provider_id(id);
    if (id.empty()) {
      fields.say("id", "missing; write a name for this provider");
    } else if (std::find(ids_.begin(), ids_.end(), id) != ids_.end()) {
      fields.say("id", quoted(id) + " stands twice; write another");
    } else if (!is_id && num_providers > 1) {
      fields.say("id", quoted(id) +
                           " cannot be an id beside others; write 1 to 32 of a-z, 0-9 "
                           "and \"-\"");
    }
    ids_.push_back(id);
    return is_id && id != "default" ? "providers." + id + "." : "";
  }

  void read_section(Fields& provider, std::string_view section, const std::string& prefix) {
    if (section.empty()) return read_fields(provider, section, prefix);
    auto fields = provider.within(section);
    read_fields(fields, section, prefix);
    fields.finish();
  }

  void read_fields(Fields& fields, std::string_view section, const std::string& prefix) {
    for (const auto& field : provider_fields) {
      if (field.section == section) read_field(fields, field, prefix);
    }
  }

  void read_field(Fields& fields, const ProviderField& field, const std::string& prefix) {
    const auto texts = field.kind == Kind::texts
                           ? fields.texts(field.field)
                           : std::vector<std::string>{fields.text(field.field)};
    const bool is_empty = texts.empty() || (field.kind == Kind::text && texts.front().empty());
    const auto* option = find_option(field.option);
    const bool is_shared = option != nullptr && option->scope == Scope::engine;
    if (is_shared) return share(fields, field, texts);
    if (is_empty || (option == nullptr && texts.front() == field.unset)) return;
    if (field.option.empty()) return fields.say(field.field, "is not available in this version");
    add(entry_of(prefix + std::string(field.option), texts, field.kind),
        fields.place_of(field.field));
  }

  // An option that is one for all providers here: they must agree.
  void share(Fields& fields, const ProviderField& field, const std::vector<std::string>& texts) {
    auto entry = entry_of(std::string(field.option), texts, field.kind);
    const auto known = std::find_if(shared_.begin(), shared_.end(),
                                    [&](const auto& one) { return one.option == field.option; });
    if (known == shared_.end()) {
      shared_.push_back({field.option, std::move(entry), fields.place_of(field.field)});
    } else if (known->values.values != entry.values) {
      fields.say(field.field,
                 "differs from another provider's, and this version has one for all; write the "
                 "same");
    }
  }

  struct Shared {
    std::string_view option;
    Settings::Entry values;
    std::string place;
  };

  const Settings& settings_;
  Alpha out_;
  Complaints complaints_;
  std::vector<std::string> ids_;
  std::vector<Shared> shared_;
};

}  // namespace

Alpha read_alpha(const json::Value& tree, std::string_view written, const Settings& settings) {
  return Reader(written, settings).read(tree);
}

}  // namespace gatelet::config
