#include "yaml_reader.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

namespace switchhook::config_file {
namespace {

// The index of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), or npos.
std::size_t first_bad_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned first = byte(i);
        const unsigned second = byte(i + 1);
        if (first < 0x80) {
            i += 1;
        } else if (first >= 0xC2 && first <= 0xDF && is_tail(i + 1)) {
            i += 2;
        } else if (first >= 0xE0 && first <= 0xEF && is_tail(i + 1) && is_tail(i + 2) &&
                   !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second >= 0xA0)) {
            i += 3;
        } else if (first >= 0xF0 && first <= 0xF4 && is_tail(i + 1) && is_tail(i + 2) && is_tail(i + 3) &&
                   !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second >= 0x90)) {
            i += 4;
        } else {
            return i;
        }
    }
    return std::string_view::npos;
}

// YAML 1.2, 5.1 forbids them; yaml-cpp takes byte 0x04 for the end of the text and would drop the rest silently.
std::size_t first_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) return i;
    }
    return std::string_view::npos;
}

std::size_t line_of(std::string_view text, std::size_t index) {
    std::size_t line = 1;
    for (std::size_t i = 0; i < index; ++i)
        if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) ++line;
    return line;
}

// yaml-cpp 0.7 takes a quote that is never closed for closed at the end of the text when that is the end of a line, and
// so swallows every key behind it. Behind a last line that does not end it does complain: so there is always one.
std::string with_unfinished_line(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    const auto blanks = last == std::string_view::npos ? text : text.substr(last + 1);
    if (blanks.find_first_of("\r\n") == std::string_view::npos) return std::string(text);
    const bool line_is_empty = blanks.ends_with('\n') || blanks.ends_with('\r');
    return std::string(text).append(line_is_empty ? "#" : "\n#");
}

// Ends the reading: the rest of the file makes no sense, or costs too much.
struct Stop : std::runtime_error {
    Stop(int at, const std::string& text) : std::runtime_error(text), line(at) {}
    int line;
};

std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const Node& item : node.items) count += count_nodes(item);
    for (const auto& entry : node.entries) count += count_nodes(entry.second);
    return count;
}

std::size_t depth_of(const Node& node) {
    std::size_t deepest = 0;
    for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
    for (const auto& entry : node.entries) deepest = std::max(deepest, depth_of(entry.second));
    return deepest + (node.kind == NodeKind::list || node.kind == NodeKind::map ? 1 : 0);
}

class Builder final : public YAML::EventHandler {
public:
    Builder(Document& document, const std::string& name) : document_(document), name_(name) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) throw Stop(mark.line, "a second document begins here; a configuration is one document");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node;
        node.place = place(mark);
        add(mark, std::move(node), anchor);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node node;
        node.kind = NodeKind::scalar;
        node.place = place(mark);
        node.text = value;
        node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        if (!node.quoted && tag != "?") refuse_tag(mark, tag);
        add(mark, std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto known = anchors_.find(anchor);
        if (known == anchors_.end()) throw Stop(mark.line, "cyclic alias: it stands inside the value that it names");
        count(mark, count_nodes(known->second));
        if (open_.size() + depth_of(known->second) > kDeepest) too_deep(mark);
        Node copy = known->second;
        copy.place = place(mark);
        put(mark, std::move(copy));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        begin(mark, tag, "tag:yaml.org,2002:seq", anchor, NodeKind::list);
    }
    void OnSequenceEnd() override { end(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        begin(mark, tag, "tag:yaml.org,2002:map", anchor, NodeKind::map);
    }
    void OnMapEnd() override { end(); }

private:
    // A list or map that is still being read.
    struct Open {
        Node node;
        YAML::anchor_t anchor = YAML::NullAnchor;
        YAML::Mark mark;
        bool has_key = false;  // a map whose next value belongs to `key`
        std::string key;
        std::unordered_map<std::string, int> lines;  // of the keys so far
    };

    std::string place(const YAML::Mark& mark) const { return name_ + ":" + std::to_string(mark.line + 1); }
    void problem(const YAML::Mark& mark, std::string text) {
        document_.problems.push_back({place(mark), std::move(text)});
    }
    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        problem(mark, "tag " + tag.substr(0, 60) + " is not supported; write plain or quoted text");
    }
    [[noreturn]] static void too_deep(const YAML::Mark& mark) {
        throw Stop(mark.line, "lists and maps are nested more than " + std::to_string(kDeepest) + " levels deep");
    }
    void count(const YAML::Mark& mark, std::size_t more) {
        nodes_ += more;
        if (nodes_ > kMostNodes)
            throw Stop(mark.line, "more than " + std::to_string(kMostNodes) +
                                      " values, aliases counted as often as they are used");
    }

    void add(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
        count(mark, 1);
        if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, node);
        put(mark, std::move(node));
    }

    void begin(const YAML::Mark& mark, const std::string& tag, std::string_view standard_tag, YAML::anchor_t anchor,
               NodeKind kind) {
        if (tag != "?" && tag != "!" && !tag.empty() && tag != standard_tag) refuse_tag(mark, tag);
        count(mark, 1);
        if (open_.size() >= kDeepest) too_deep(mark);
        Open opened;
        opened.node.kind = kind;
        opened.node.place = place(mark);
        opened.anchor = anchor;
        opened.mark = mark;
        open_.push_back(std::move(opened));
    }

    void end() {
        Open closed = std::move(open_.back());
        open_.pop_back();
        if (closed.anchor != YAML::NullAnchor) anchors_.insert_or_assign(closed.anchor, closed.node);
        put(closed.mark, std::move(closed.node));
    }

    void put(const YAML::Mark& mark, Node node) {
        if (open_.empty()) {
            document_.root = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == NodeKind::list)
            parent.node.items.push_back(std::move(node));
        else if (parent.has_key)
            put_value(parent, std::move(node));
        else
            put_key(parent, mark, node);
    }

    void put_key(Open& map, const YAML::Mark& mark, const Node& node) {
        if (node.kind != NodeKind::scalar) problem(mark, "a key must be text");
        map.has_key = true;
        map.key = node.text;
        const auto [first, is_new] = map.lines.emplace(node.text, mark.line + 1);
        if (!is_new && node.kind == NodeKind::scalar)
            problem(mark, "duplicate key '" + node.text + "'; the first is in line " + std::to_string(first->second));
    }

    static void put_value(Open& map, Node node) {
        map.has_key = false;
        map.node.entries.emplace_back(std::move(map.key), std::move(node));
    }

    Document& document_;
    const std::string& name_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;  // finished values only
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

Document failed(Document document, const std::string& name, std::size_t line, const std::string& text) {
    document.root = Node{};
    document.root.place = name;
    document.problems.push_back({name + ":" + std::to_string(line), text});
    return document;
}

}  // namespace

Document read_yaml(std::string_view text, const std::string& name) {
    Document document;
    document.root.place = name;
    if (const auto bad = first_bad_utf8(text); bad != std::string_view::npos)
        return failed(std::move(document), name, line_of(text, bad), "Failed to parse YAML config: not UTF-8");
    if (const auto bad = first_control(text); bad != std::string_view::npos)
        return failed(std::move(document), name, line_of(text, bad),
                      "Failed to parse YAML config: a control character");

    try {
        std::istringstream stream(with_unfinished_line(text));
        YAML::Parser parser(stream);
        Builder builder(document, name);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Stop& stop) {
        return failed(std::move(document), name, static_cast<std::size_t>(stop.line) + 1, stop.what());
    } catch (const YAML::Exception& fault) {
        const int line = fault.mark.is_null() ? 0 : fault.mark.line;
        return failed(std::move(document), name, static_cast<std::size_t>(line) + 1,
                      "Failed to parse YAML config: " + fault.msg);
    }
    if (document.root.kind == NodeKind::list || document.root.kind == NodeKind::scalar) {
        const std::string place = document.root.place;
        document.root = Node{};
        document.root.place = name;
        document.problems.push_back({place, "the configuration must be a map of keys"});
    }
    return document;
}

}  // namespace switchhook::config_file
