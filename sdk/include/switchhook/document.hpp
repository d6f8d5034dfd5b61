// A Document is a configuration as it was written: a tree of text in which every node remembers its place.
// Types are judged later, by whoever declared the key, so that the message can name the key, the place and the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchhook {
inline namespace abi1 {

enum class NodeKind : std::uint8_t { null = 1, scalar, list, map };

// One value and where it came from. A value type: copies are deep.
struct Node {
    struct Entry;

    NodeKind kind = NodeKind::null;
    std::string place;           // "switchhook.yaml:17" or "$SIP_ROOM_PREFIX"
    std::string text;            // scalar: as written, quotes and escapes resolved
    bool quoted = false;         // scalar: quoted text is never a number, a boolean or null
    std::vector<Node> items;     // list, in order
    std::vector<Entry> entries;  // map, in order; a source reports duplicate keys as problems

    // The entry of that key, or nullptr. Linear: configuration maps are short.
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
};

// A key and its value; read as [name, node]. Not a std::pair: clang cannot look into one of a Node that is incomplete.
struct Node::Entry {
    template <typename Name>
    Entry(Name&& name, Node node) : first(std::forward<Name>(name)), second(std::move(node)) {}

    std::string first;
    Node second;
};

inline const Node* Node::find(std::string_view key) const {
    for (const auto& entry : entries)
        if (entry.first == key) return &entry.second;
    return nullptr;
}
inline Node* Node::find(std::string_view key) {
    return const_cast<Node*>(std::as_const(*this).find(key));
}

// Something wrong with the configuration; all of them are shown at once. `place` may be empty when there is none.
struct Problem {
    std::string place;
    std::string text;
};

struct Document {
    Node root;  // a map, or null when the source holds nothing
    std::vector<Problem>
        problems;  // faults that the source itself can see (syntax, duplicate keys, cyclic aliases, ...)
};

}  // namespace abi1
}  // namespace switchhook
