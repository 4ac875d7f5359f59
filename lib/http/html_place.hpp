// Where in an HTML document a template stands: what a value may be written as at that place, and
// what the document's Content-Security-Policy has to allow.
//
// A scanner over the constant text of a template. It follows the tokenizer of the HTML standard
// (13.2.5) as far as needed to know whether a place is text, an attribute's value, or one where no
// value belongs because no escaping makes it safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gatelet::http {

// How a value is written.
enum class Escape : std::uint8_t {
  plain,      // as it is
  html,       // & < > " ' as references: text and quoted attributes
  url,        // a whole URL or its beginning: a safe scheme or none, else "#"
  url_path,   // the rest of a URL whose beginning is known
  url_query,  // a value inside a query or fragment
  nothing,    // inside a comment, which is left out
};

// What a value is, as far as it decides where it may stand.
enum class Trust : std::uint8_t {
  foreign,  // anybody's text
  path,     // a path that the configuration gives
  markup,   // HTML of our own making
};

// What a document brings along that its policy allows by hash, or by origin.
struct HtmlAssets {
  std::vector<std::string> styles, scripts;  // the texts of style and script elements
  std::vector<std::string> style_attributes, event_attributes;
  std::vector<std::string> script_sources;  // "'self'" or "https://host"
  bool has_links = false;                   // stylesheets, images or the like from elsewhere
};

class HtmlPlace {
 public:
  // Reads on over constant text; what is to be written of it is appended to `out` (comments are
  // left out). Failure: malformed: a script that holds "<!--", which browsers end elsewhere.
  Result<void> read(std::string_view text, std::string& out, HtmlAssets& assets);

  // A value of this kind stands here.
  //   Failure: malformed: no value belongs here; the text says what to do instead.
  Result<Escape> take_value(Trust trust);

  // Two branches end at one place: whether reading can go on from there as one.
  bool join(const HtmlPlace& other);

  // Whether an action other than a value may stand here: the text of scripts, styles and event
  // attributes has to be the same always, since it is allowed by its hash.
  bool may_vary() const noexcept;

  // Whether a document may end here.
  bool is_text() const noexcept { return state_ == State::text; }
  std::string describe() const;  // "inside <script>", for errors

 private:
  enum class State : std::uint8_t {
    text,
    tag_open,         // "<" was seen and not written yet
    declaration_one,  // "<!"
    declaration_two,  // "<!-"
    declaration,      // <!DOCTYPE ...> and what browsers read as a comment up to ">"
    comment,
    tag_name,
    before_name,
    name,
    after_name,
    before_value,
    double_quoted,
    single_quoted,
    unquoted,
    raw,        // of script, style and the like: up to the end tag
    character,  // of title and textarea: text up to the end tag
  };
  enum class UrlPart : std::uint8_t { start, scheme, path, query, unsafe };

  Result<void> step(char c, std::string& out, HtmlAssets& assets);
  void open_tag(char c, std::string& out);
  void end_tag(HtmlAssets& assets);
  void end_name();
  void begin_value(State state);
  void end_value(HtmlAssets& assets);
  Result<void> read_value(char c);
  Result<void> read_raw(char c, HtmlAssets& assets);
  bool is_url_attribute() const noexcept;
  Result<Escape> take_attribute_value(Trust trust);
  Result<Escape> take_url(Trust trust);

  State state_ = State::text;
  bool is_end_tag_ = false;
  bool has_unsure_name_ = false;  // the branches of an if gave the attribute different names
  UrlPart url_ = UrlPart::start;  // of the constant text so far
  bool has_value_ = false;        // a value stands at the beginning of the URL
  unsigned dashes_ = 0;           // of a comment's end
  std::string element_;           // lower case
  std::string attribute_;         // lower case
  std::string text_;              // of a raw element or of an attribute, as far as it is needed
};

}  // namespace gatelet::http
