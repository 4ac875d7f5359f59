#include "http/html_place.hpp"

#include <algorithm>
#include <array>

#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_name_size = 64;

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

template <std::size_t size>
bool is_one_of(std::string_view text, const std::array<std::string_view, size>& all) noexcept {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// Elements whose content is no markup, and which no escaping reaches.
constexpr std::array<std::string_view, 7> raw_elements = {
    "script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"};
// Elements whose URL is loaded into the page and decides what it does.
constexpr std::array<std::string_view, 9> loading_elements = {
    "script", "link", "iframe", "frame", "embed", "object", "base", "use", "animate"};
// Elements whose URL shows something and decides nothing.
constexpr std::array<std::string_view, 6> showing_elements = {"link",  "img",   "source",
                                                              "video", "audio", "image"};
constexpr std::array<std::string_view, 6> url_attributes = {"href",   "src",  "action",
                                                            "poster", "cite", "formaction"};
// Attributes in which a text is a text and nothing else.
constexpr std::array<std::string_view, 14> text_attributes = {
    "abbr", "alt",  "autocomplete", "class", "dir",   "for",   "id",
    "lang", "name", "placeholder",  "label", "title", "value", "role"};

bool is_event(std::string_view attribute) noexcept { return attribute.starts_with("on"); }

// A style or event attribute as its hash is made: references would have to be read first.
void keep_text(std::string text, std::vector<std::string>& out) {
  if (text.empty() || text.find('&') != std::string::npos) return;
  if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
}

// The source that allows a script's URL: its origin, or the page's own.
std::string source_of(std::string_view url) {
  std::string_view scheme = "https://";
  if (url.starts_with("//")) {
    url.remove_prefix(2);
  } else if (url.starts_with("https://") || url.starts_with("http://")) {
    scheme = url.substr(0, url.find("//") + 2);
    url.remove_prefix(scheme.size());
  } else {
    return "'self'";
  }
  const auto host = url.substr(0, url.find_first_of("/?#"));
  for (const char c : host) {
    if (!is_alnum(c) && c != '-' && c != '.' && c != ':') return "'self'";
  }
  return host.empty() ? "'self'" : std::string(scheme).append(host);
}

// Of the constant beginning of a URL: whether its host, if it has one, ends before what follows.
bool has_whole_host(std::string_view url) noexcept {
  if (url.starts_with("mailto:")) return true;
  const auto colon = url.find(':');
  const bool has_scheme = colon != std::string_view::npos && colon < url.find('/');
  if (!has_scheme && !url.starts_with("//")) return true;
  const auto host = url.find("//");
  return host != std::string_view::npos && url.find('/', host + 2) != std::string_view::npos;
}

Error refused(std::string text) { return {Status::malformed, std::move(text)}; }

}  // namespace

Result<void> HtmlPlace::read(std::string_view text, std::string& out, HtmlAssets& assets) {
  for (const char c : text) {
    if (auto done = step(c, out, assets); !done.ok()) return done;
  }
  return {};
}

Result<void> HtmlPlace::step(char c, std::string& out, HtmlAssets& assets) {
  switch (state_) {
    case State::text:
      if (c == '<') return state_ = State::tag_open, Result<void>();
      break;
    case State::tag_open: return open_tag(c, out), Result<void>();
    case State::declaration_one:
      if (c == '-') return state_ = State::declaration_two, Result<void>();
      out += "<!";
      state_ = c == '>' ? State::text : State::declaration;
      break;
    case State::declaration_two:
      if (c == '-') return state_ = State::comment, dashes_ = 2, Result<void>();
      out += "<!-";
      state_ = c == '>' ? State::text : State::declaration;
      break;
    case State::declaration:
      if (c == '>') state_ = State::text;
      break;
    case State::comment:
      // "--!>" ends one as well; a "!" after dashes keeps their count.
      if (c == '>' && dashes_ >= 2) state_ = State::text;
      if (c == '-') {
        dashes_ = std::min(dashes_ + 1, 2u);
      } else if (c != '!' || dashes_ < 2) {
        dashes_ = 0;
      }
      return {};
    case State::tag_name:
      if (is_end_tag_ && element_.empty() && !is_alpha(c)) {
        state_ = c == '>' ? State::text : State::declaration;
      } else if (is_space(c) || c == '/') {
        state_ = State::before_name;
      } else if (c == '>') {
        end_tag(assets);
      } else if (element_.size() < max_name_size) {
        element_ += to_lower(c);
      }
      break;
    case State::before_name:
    case State::after_name:
      if (is_space(c)) break;
      if (c == '/') {
        state_ = State::before_name;
      } else if (c == '>') {
        end_tag(assets);
      } else if (c == '=' && state_ == State::after_name) {
        state_ = State::before_value;
      } else {
        state_ = State::name;
        has_unsure_name_ = false;
        attribute_.assign(1, to_lower(c));
      }
      break;
    case State::name:
      if (is_space(c)) {
        state_ = State::after_name;
      } else if (c == '/') {
        state_ = State::before_name;
      } else if (c == '>') {
        end_tag(assets);
      } else if (c == '=') {
        state_ = State::before_value;
      } else if (attribute_.size() < max_name_size) {
        attribute_ += to_lower(c);
      }
      break;
    case State::before_value:
      if (is_space(c)) break;
      if (c == '"' || c == '\'') {
        begin_value(c == '"' ? State::double_quoted : State::single_quoted);
      } else if (c == '>') {
        end_tag(assets);
      } else {
        begin_value(State::unquoted);
        if (auto read = read_value(c); !read.ok()) return read;
      }
      break;
    case State::double_quoted:
    case State::single_quoted:
      if (c == (state_ == State::double_quoted ? '"' : '\'')) {
        end_value(assets);
        state_ = State::before_name;
        break;
      }
      if (auto read = read_value(c); !read.ok()) return read;
      break;
    case State::unquoted:
      if (is_space(c) || c == '>') {
        end_value(assets);
        state_ = State::before_name;
        if (c == '>') end_tag(assets);
        break;
      }
      if (auto read = read_value(c); !read.ok()) return read;
      break;
    case State::raw:
    case State::character:
      if (auto read = read_raw(c, assets); !read.ok()) return read;
      break;
  }
  out += c;
  return {};
}

void HtmlPlace::open_tag(char c, std::string& out) {
  if (c == '!') {
    state_ = State::declaration_one;
    return;
  }
  out += '<';
  if (c == '<') return;  // the one before is text
  out += c;
  is_end_tag_ = c == '/';
  element_.clear();
  if (is_alpha(c)) {
    element_ += to_lower(c);
    state_ = State::tag_name;
  } else if (is_end_tag_) {
    state_ = State::tag_name;
  } else {
    state_ = c == '?' ? State::declaration : State::text;
  }
}

void HtmlPlace::end_tag(HtmlAssets& assets) {
  state_ = State::text;
  text_.clear();
  attribute_.clear();
  if (is_end_tag_) return;
  if (is_one_of(element_, raw_elements)) state_ = State::raw;
  if (element_ == "title" || element_ == "textarea") state_ = State::character;
  if (is_one_of(element_, showing_elements)) assets.has_links = true;
}

void HtmlPlace::begin_value(State state) {
  state_ = state;
  url_ = UrlPart::start;
  has_value_ = false;
  text_.clear();
}

void HtmlPlace::end_value(HtmlAssets& assets) {
  if (!is_end_tag_ && !has_unsure_name_) {
    if (attribute_ == "style") keep_text(text_, assets.style_attributes);
    if (is_event(attribute_)) keep_text(text_, assets.event_attributes);
    if (element_ == "script" && attribute_ == "src") {
      keep_text(source_of(text_), assets.script_sources);
    }
  }
  text_.clear();
  url_ = UrlPart::start;
}

// Constant text of an attribute. What scheme a URL has must be known when a value may decide it.
Result<void> HtmlPlace::read_value(char c) {
  const bool is_settled = url_ == UrlPart::path || url_ == UrlPart::query;
  if (c == ':' && has_value_ && !is_settled) {
    return refused("a \":\" stands behind a value that begins a URL; write the scheme out");
  }
  if (c == '?' || c == '#') {
    if (url_ != UrlPart::unsafe) url_ = UrlPart::query;
  } else if (c == '/' && url_ != UrlPart::query) {
    if (url_ != UrlPart::unsafe) url_ = UrlPart::path;
  } else if (c == ':' && !is_settled) {
    const auto scheme = lower(text_);
    const bool is_known = scheme == "https" || scheme == "http" || scheme == "mailto";
    url_ = url_ == UrlPart::scheme && is_known ? UrlPart::path : UrlPart::unsafe;
  } else if (url_ == UrlPart::start) {
    url_ = UrlPart::scheme;
  }
  text_ += c;
  return {};
}

Result<void> HtmlPlace::read_raw(char c, HtmlAssets& assets) {
  const auto end = "</" + element_;
  const bool ends = (is_space(c) || c == '/' || c == '>') && text_.size() >= end.size() &&
                    lower(std::string_view(text_).substr(text_.size() - end.size())) == end;
  if (!ends || element_ == "plaintext") {
    if (state_ == State::raw) {
      text_ += c;
      if (element_ == "script" && text_.ends_with("<!--")) {
        return refused("a script holds \"<!--\"; browsers may end it elsewhere: take that out");
      }
    } else {  // only what may become an end tag
      if (c == '<') text_.clear();
      if (c == '<' || (!text_.empty() && text_.size() < max_name_size)) text_ += c;
    }
    return {};
  }
  text_.resize(text_.size() - end.size());
  if (element_ == "style") keep_text(text_, assets.styles);
  if (element_ == "script") keep_text(text_, assets.scripts);
  text_.clear();
  attribute_.clear();
  is_end_tag_ = true;
  state_ = State::before_name;
  if (c == '>') end_tag(assets);
  return {};
}

bool HtmlPlace::is_url_attribute() const noexcept { return is_one_of(attribute_, url_attributes); }

Result<Escape> HtmlPlace::take_value(Trust trust) {
  switch (state_) {
    case State::text: return trust == Trust::markup ? Escape::plain : Escape::html;
    case State::character: text_.clear(); return Escape::html;
    case State::comment: dashes_ = 0; return Escape::nothing;
    case State::double_quoted:
    case State::single_quoted: return take_attribute_value(trust);
    case State::before_value:
    case State::unquoted:
      return refused("a value stands in an attribute without quotes; write " + attribute_ +
                     "=\"{{...}}\"");
    case State::raw:
      return refused("a value stands inside <" + element_ +
                     ">, where no escaping is safe; write it into an attribute such as "
                     "data-value=\"{{...}}\" and read that");
    case State::tag_open:
    case State::declaration_one:
    case State::declaration_two:
    case State::declaration:
    case State::tag_name:
    case State::before_name:
    case State::name:
    case State::after_name: break;
  }
  return refused(
      "a value stands inside a tag; it may only be the text of an element or of a quoted "
      "attribute");
}

Result<Escape> HtmlPlace::take_attribute_value(Trust trust) {
  const auto name = attribute_;
  if (has_unsure_name_) {
    return refused(
        "a value stands in an attribute whose name an if decides; write it into each "
        "branch");
  }
  if (is_event(name) || name == "style") {
    return refused("a value stands in the attribute " + name +
                   ", where no escaping is safe; write it into data-value=\"{{...}}\" instead");
  }
  if (is_url_attribute()) return take_url(trust);
  const bool is_text =
      is_one_of(name, text_attributes) || name.starts_with("data-") || name.starts_with("aria-");
  if (!is_text || (element_ == "meta" && name == "content")) {
    return refused(
        "a value may not stand in the attribute " + name + " of <" + element_ +
        ">; it may in value, title, alt, class, id, data-... and, as a URL, in href, src "
        "and action");
  }
  return Escape::html;
}

Result<Escape> HtmlPlace::take_url(Trust trust) {
  if (url_ == UrlPart::query) return Escape::url_query;
  if (url_ == UrlPart::unsafe || url_ == UrlPart::scheme) {
    return refused(
        "a value stands behind an unfinished or unknown beginning of a URL; begin it with "
        "https://, / or the value itself");
  }
  if (is_one_of(element_, loading_elements) && trust != Trust::path) {
    return refused("a value decides what <" + element_ +
                   "> loads; only .ProxyPrefix may, or a value behind a ?");
  }
  if (url_ == UrlPart::path && !has_whole_host(text_)) {
    return refused("a value stands where a URL's host is written; write the host and the / out");
  }
  if (url_ == UrlPart::path) return text_ == "/" ? Escape::url_query : Escape::url_path;
  has_value_ = true;
  return Escape::url;
}

bool HtmlPlace::join(const HtmlPlace& other) {
  const auto is_in_tag = [](State state) {
    return state == State::before_name || state == State::name || state == State::after_name;
  };
  if (is_in_tag(state_) && is_in_tag(other.state_) && element_ == other.element_ &&
      is_end_tag_ == other.is_end_tag_) {
    const bool is_sure =
        state_ == other.state_ && (state_ == State::before_name || attribute_ == other.attribute_);
    if (!is_sure) {
      state_ = State::name;
      attribute_ = "?";
      has_unsure_name_ = true;
    }
    return true;
  }
  if (state_ != other.state_ || element_ != other.element_ || is_end_tag_ != other.is_end_tag_) {
    // Between elements it does not matter which came last.
    return state_ == State::text && other.state_ == State::text;
  }
  if (state_ == State::double_quoted || state_ == State::single_quoted ||
      state_ == State::unquoted) {
    if (attribute_ != other.attribute_) return false;
    has_unsure_name_ |= other.has_unsure_name_;
    has_value_ |= other.has_value_;
    if (url_ != other.url_) url_ = UrlPart::unsafe;
    if (text_ != other.text_) text_ = "?";
    return true;
  }
  if (state_ == State::comment) dashes_ = std::min(dashes_, other.dashes_);
  return state_ == State::comment || text_ == other.text_;
}

bool HtmlPlace::may_vary() const noexcept {
  if (state_ == State::raw) return false;
  const bool is_in_value = state_ == State::double_quoted || state_ == State::single_quoted ||
                           state_ == State::unquoted || state_ == State::before_value;
  return !is_in_value || (!is_event(attribute_) && attribute_ != "style");
}

std::string HtmlPlace::describe() const {
  switch (state_) {
    case State::text: return "in text";
    case State::raw:
    case State::character: return "inside <" + element_ + ">";
    case State::comment: return "inside a comment";
    case State::double_quoted:
    case State::single_quoted:
    case State::unquoted:
    case State::before_value: return "inside the attribute " + attribute_;
    case State::tag_open:
    case State::declaration_one:
    case State::declaration_two:
    case State::declaration:
    case State::tag_name:
    case State::before_name:
    case State::name:
    case State::after_name: break;
  }
  return "inside a tag";
}

}  // namespace gatelet::http
