#include "model/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <exception>
#include <sstream>
#include <unordered_map>

namespace switchback {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  return mark.is_null() ? Mark{1, 1} : Mark{mark.line + 1, mark.column + 1};
}

// Builds the tree from yaml-cpp's events. After a limit is passed it ignores the rest: the bytes
// are few enough for the parser to run to its end.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  Node root;
  size_t last_quoted = 0;  // where the last text in quotes begins in the bytes
  bool stopped = false;    // a limit was passed and the rest was not looked at

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      stop(mark_of(mark),
           "what stands here does not belong to the document above; keep one document, without a "
           "second '---', with all its keys at the same indentation");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    begin_node(mark, "", anchor);
    Node node;
    node.mark = mark_of(mark);
    place(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (stopped) return;
    problems_.add(mark_of(mark), "aliases (*name) are not allowed; write the value out");
    Node node;
    node.mark = mark_of(mark);
    place(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    begin_node(mark, tag, anchor);
    Node node;
    node.kind = Node::Kind::scalar;
    node.mark = mark_of(mark);
    node.quoted = tag == "!";
    if (!stopped) node.text = value;
    if (node.quoted) last_quoted = static_cast<size_t>(mark.pos);
    place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin_node(mark, tag, anchor);
    open(mark, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin_node(mark, tag, anchor);
    open(mark, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    bool has_key = false;
    std::string key;
    Mark key_mark;
    std::unordered_map<std::string, int> lines;  // of the keys so far
  };

  void stop(Mark mark, std::string message) {
    if (!stopped) problems_.add(mark, std::move(message));
    stopped = true;
  }

  void begin_node(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    // A file that is wrong in so many places is no configuration; the first ones will do.
    stopped = stopped || problems_.size() >= 1000;
    if (stopped) return;
    if (++nodes_ > most_nodes) {
      stop(mark_of(mark),
           fmt::format("more than {} values; a configuration has far fewer", most_nodes));
      return;
    }
    if (anchor != YAML::NullAnchor) {
      problems_.add(mark_of(mark), "anchors (&name) are not allowed; write the value out");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      problems_.add(mark_of(mark), fmt::format("the tag {} is not allowed; write the value without "
                                               "it",
                                               shown_text(tag)));
    }
  }

  void open(const YAML::Mark& mark, Node::Kind kind) {
    if (stopped) return;
    if (static_cast<int>(frames_.size()) >= deepest_nesting) {
      stop(mark_of(mark), fmt::format("nested deeper than {} levels; a configuration needs about 6",
                                      deepest_nesting));
      return;
    }
    frames_.emplace_back();
    frames_.back().node.kind = kind;
    frames_.back().node.mark = mark_of(mark);
  }

  void close() {
    if (stopped) return;
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    place(std::move(node));
  }

  void place(Node node) {
    if (stopped) return;
    if (frames_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      take_key(frame, std::move(node));
    } else {
      frame.has_key = false;
      // An empty value is reported by the parser at the next token; the key is where it stands.
      if (node.kind == Node::Kind::null) node.mark = frame.key_mark;
      frame.node.entries.push_back({std::move(frame.key), frame.key_mark, std::move(node)});
    }
  }

  void take_key(Frame& frame, Node node) {
    frame.has_key = true;
    frame.key = std::move(node.text);
    frame.key_mark = node.mark;
    if (node.kind != Node::Kind::scalar) {
      problems_.add(node.mark,
                    fmt::format("{} stands where a key must stand; a key is one word and "
                                "a colon",
                                kind_text(node.kind)));
      return;
    }
    const auto [known, fresh] = frame.lines.emplace(frame.key, node.mark.line);
    if (!fresh) {
      problems_.add(node.mark, fmt::format("key {} is already set in line {}; keep one of the two "
                                           "(lines {} and {})",
                                           shown_text(frame.key), known->second, known->second,
                                           node.mark.line));
    }
  }

  Problems& problems_;
  std::vector<Frame> frames_;
  int documents_ = 0;
  int nodes_ = 0;
};

struct Wording {
  std::string_view library;
  std::string_view ours;
};

// yaml-cpp's sentences as operators need them.
constexpr std::array<Wording, 14> wordings{{
    {"the referenced anchor is not defined",
     "aliases (*name) are not allowed; write the value out"},
    {"alias not found after *", "'*' begins an alias here; put the text in quotes"},
    {"anchor not found after &", "'&' begins an anchor here; put the text in quotes"},
    {"illegal map value",
     "a ':' stands where no key can be; check the indentation, or put text that holds ': ' in "
     "quotes"},
    {"illegal map key", "a '?' stands where no key can be; put the text in quotes"},
    {"illegal block entry", "a '- ' stands where no list can begin; check the indentation"},
    {"end of map not found",
     "the map does not go on here; give each of its keys the same indentation, and a colon"},
    {"end of sequence not found",
     "the list does not go on here; give each '- ' the same indentation"},
    {"end of map flow not found", "a '{' is not closed; add '}' (or a comma between two entries)"},
    {"end of sequence flow not found",
     "a '[' is not closed; add ']' (or a comma between two items)"},
    {"illegal EOF in scalar", "a quote is not closed; add the closing quote"},
    {"illegal tab when looking for indentation", "a tab is used for indentation; use spaces"},
    {"illegal flow end", "a '}' or ']' closes nothing; remove it"},
    {"unknown token", "this character cannot begin a value; put the text in quotes"},
}};

std::string plain_wording(std::string_view library) {
  for (const Wording& wording : wordings) {
    if (wording.library == library) return std::string(wording.ours);
  }
  return fmt::format("this is not valid YAML ({}); correct it here or in the lines above",
                     clean(library, 200));
}

// Whether the line, or the last one with content before it, is indented by spaces and then a tab.
bool indented_by_tab(std::string_view bytes, int line_number) {
  std::string_view last;
  for (int line = 1; line <= line_number && !bytes.empty(); ++line) {
    const size_t end = bytes.find('\n');
    const std::string_view text = bytes.substr(0, end);
    if (!trim(text).empty()) last = text;
    bytes = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
  }
  return last.substr(0, last.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

int line_of(std::string_view bytes, size_t at) {
  const std::string_view before = bytes.substr(0, at);
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

// A forgotten quote shows itself many lines later, where the next one closes the text: says so when
// the last text in quotes spans lines and ends in the line of the error.
std::string runaway_quote(std::string_view bytes, size_t begin, int error_line) {
  if (begin >= bytes.size() || (bytes[begin] != '"' && bytes[begin] != '\'')) return "";
  size_t end = begin + 1;
  while (end < bytes.size() && bytes[end] != bytes[begin]) {
    end += bytes[begin] == '"' && bytes[end] == '\\' ? 2 : 1;
  }
  const int first = line_of(bytes, begin);
  if (first == error_line || line_of(bytes, end) != error_line) return "";
  return fmt::format(
      "; the text in quotes that ends here began in line {}: is its closing quote "
      "missing there?",
      first);
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string_view kind_text(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "text";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

Node parse_yaml(std::string_view bytes, Problems& problems) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (!check_bytes(bytes, problems)) return {};
  TreeBuilder builder(problems);
  try {
    std::istringstream stream{std::string(bytes)};
    YAML::Parser parser(stream);
    bool any = false;
    // Never past the second document: yaml-cpp 0.7 finds empty ones for ever at a stray ','.
    while (!builder.stopped && parser.HandleNextDocument(builder)) any = true;
    if (problems.empty() && (!any || builder.root.kind == Node::Kind::null)) {
      problems.add({1, 1}, "the file is empty; `switchback init` prints a file to start from");
    }
  } catch (const YAML::Exception& error) {
    // What follows a passed limit was not read, so the parser's complaints about it help nobody.
    if (builder.stopped) return {};
    const Mark mark = mark_of(error.mark);
    const bool tab = indented_by_tab(bytes, mark.line);
    const std::string what =
        tab ? "a tab is used for indentation; use spaces" : plain_wording(error.msg);
    problems.add(mark, what + runaway_quote(bytes, builder.last_quoted, mark.line));
  } catch (const std::exception& error) {
    problems.add({1, 1}, plain_wording(error.what()));
  }
  return std::move(builder.root);
}

}  // namespace switchback
