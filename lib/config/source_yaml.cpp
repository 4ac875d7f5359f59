#include "config/source_yaml.hpp"

#ifdef GATELET_HAVE_YAML

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.hpp"

namespace gatelet::config {
namespace {

constexpr std::size_t max_size = 1024 * 1024;
constexpr std::size_t max_depth = 16;
constexpr std::size_t max_members = 1024;
constexpr std::size_t max_cost = 16 * 1024 * 1024;  // of the tree, aliases written out
constexpr std::size_t node_cost = 64;

// Leaves the parser, which knows no other way out.
struct Refusal {
  int line;  // from 0
  std::string_view said;
};

bool is_null(std::string_view plain) noexcept {
  return plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL";
}

bool is_known_tag(std::string_view tag) noexcept {
  constexpr std::string_view core = "tag:yaml.org,2002:";
  if (tag.empty() || tag == "?" || tag == "!") return true;
  if (!tag.starts_with(core)) return false;
  tag.remove_prefix(core.size());
  return tag == "str" || tag == "int" || tag == "float" || tag == "bool" || tag == "seq" ||
         tag == "map";
}

// A mapping or a sequence that is being read.
struct Open {
  bool is_map = false;
  YAML::anchor_t anchor = 0;
  std::size_t cost_before = 0;
  json::Object members;
  json::Array items;
  std::optional<std::string> key;  // its value comes next
  bool is_merge = false;           // the key is "<<"
  json::Object merged;             // counts where the mapping has no such member itself
};

bool has_member(const json::Object& object, std::string_view name) noexcept {
  return std::any_of(object.begin(), object.end(), [&](const auto& m) { return m.first == name; });
}

class Tree final : public YAML::EventHandler {
 public:
  json::Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(has_begun_, true)) throw Refusal{mark.line, "a second document begins here"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_as_key(mark);
    spend(mark, node_cost);
    add(mark, anchor, json::Value(), node_cost);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!is_known_tag(tag)) throw Refusal{mark.line, "a tag that is not read here; leave it out"};
    const bool is_plain = tag == "?";
    const auto cost = node_cost + value.size();
    spend(mark, cost);
    if (wants_key()) return take_key(mark, value, is_plain && value == "<<");
    auto node = is_plain && is_null(value) ? json::Value() : json::Value(value);
    add(mark, anchor, std::move(node), cost);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_as_key(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{mark.line, "an alias within what it stands for"};
    spend(mark, found->second.cost);
    auto copy = found->second.value;
    add(mark, 0, std::move(copy), found->second.cost);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, tag, anchor, true);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Anchored {
    json::Value value;
    std::size_t cost;
  };

  bool wants_key() const noexcept {
    return !open_.empty() && open_.back().is_map && !open_.back().key;
  }

  void refuse_as_key(const YAML::Mark& mark) const {
    if (wants_key()) throw Refusal{mark.line, "a key that is no text; write a name"};
  }

  void spend(const YAML::Mark& mark, std::size_t cost) {
    cost_ += cost;
    if (cost_ > max_cost) throw Refusal{mark.line, "aliases make too much of this text"};
  }

  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool is_map) {
    refuse_as_key(mark);
    if (!is_known_tag(tag)) throw Refusal{mark.line, "a tag that is not read here; leave it out"};
    if (open_.size() == max_depth) throw Refusal{mark.line, "more than 16 levels"};
    Open next;
    next.is_map = is_map;
    next.anchor = anchor;
    next.cost_before = cost_;
    spend(mark, node_cost);
    line_ = mark.line;
    open_.push_back(std::move(next));
  }

  void end() {
    auto done = std::move(open_.back());
    open_.pop_back();
    for (auto& member : done.merged) {
      if (!has_member(done.members, member.first)) done.members.push_back(std::move(member));
    }
    auto node =
        done.is_map ? json::Value(std::move(done.members)) : json::Value(std::move(done.items));
    YAML::Mark mark;
    mark.line = line_;
    add(mark, done.anchor, std::move(node), cost_ - done.cost_before);
  }

  void take_key(const YAML::Mark& mark, const std::string& key, bool is_merge) {
    auto& map = open_.back();
    if (!is_merge && has_member(map.members, key)) {
      throw Refusal{mark.line, "a name that stands in this mapping already"};
    }
    map.key = key;
    map.is_merge = is_merge;
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, json::Value node, std::size_t cost) {
    line_ = mark.line;
    if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{node, cost});
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& into = open_.back();
    if (into.members.size() + into.items.size() + into.merged.size() >= max_members) {
      throw Refusal{mark.line, "more than 1024 members"};
    }
    if (!into.is_map) return into.items.push_back(std::move(node));
    if (into.is_merge) {
      merge(mark, node, into.merged);
    } else {
      into.members.emplace_back(std::move(*into.key), std::move(node));
    }
    into.key.reset();
  }

  // One mapping, or a list of them; of a name that several have the first counts.
  static void merge(const YAML::Mark& mark, const json::Value& node, json::Object& merged) {
    const auto* list = node.array();
    if (list != nullptr && list->size() > max_members) throw Refusal{mark.line, "too many merges"};
    const auto merge_one = [&](const json::Value& one) {
      if (!one.object()) throw Refusal{mark.line, "\"<<\" takes mappings only"};
      for (const auto& member : *one.object()) {
        if (!has_member(merged, member.first)) merged.push_back(member);
      }
      if (merged.size() > max_members) throw Refusal{mark.line, "more than 1024 members"};
    };
    if (list == nullptr) return merge_one(node);
    for (const auto& one : *list) merge_one(one);
  }

  json::Value root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t cost_ = 0;
  int line_ = 0;
  bool has_begun_ = false;
};

Error refusal(int line, std::string_view said) {
  return {Status::invalid_value, "line " + std::to_string(line + 1) + ": " + std::string(said)};
}

bool has_control_byte(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

Result<json::Value> read_yaml(std::string_view text) {
  if (text.size() > max_size) {
    return Error{Status::invalid_value, "the text has more than 1 MiB"};
  }
  if (!is_utf8(text) || has_control_byte(text)) {
    return Error{Status::invalid_value, "the text is no UTF-8, or has control characters"};
  }
  Tree tree;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(tree)) {
    }
  } catch (const Refusal& refused) {
    return refusal(refused.line, refused.said);
  } catch (const YAML::Exception& error) {  // its own words may repeat a piece of a secret
    return refusal(std::max(error.mark.line, 0),
                   "this is not YAML; write \"key: value\", and two blanks more for each level");
  }
  return tree.take();
}

}  // namespace gatelet::config

#else

namespace gatelet::config {

Result<json::Value> read_yaml(std::string_view) {
  return Error{Status::not_built,
               "this build reads no YAML; build it with -Dyaml=enabled, or write TOML or JSON"};
}

}  // namespace gatelet::config

#endif
