// Prints the table of keys for docs/configuration.md: a line per key, its fields separated by tabs.
#include <cstdio>
#include <string>

#include <switchhook/document.hpp>

#include "core/config/changes.hpp"
#include "core/config/keys.hpp"

namespace {

using namespace switchhook;

constexpr const char* kShapes[] = {"", "value", "section", "list", "instance", "foreign"};
constexpr const char* kTypes[] = {"", "text", "secret", "path", "boolean", "integer", "duration", "bytes", "text list"};

// A document that holds this key and nothing else. Keys inside a list belong to the list.
Node holding(std::string_view path) {
    const auto end = path.find('.');
    Node inner;
    if (end == std::string_view::npos) {
        inner.kind = NodeKind::scalar;
        inner.text = "given";
    } else {
        inner = holding(path.substr(end + 1));
    }
    Node map;
    map.kind = NodeKind::map;
    map.entries.emplace_back(path.substr(0, end), std::move(inner));
    return map;
}

// Whether a running server keeps what this key said at its start.
bool waits_for_restart(std::string_view path) {
    Node before = holding("sip.nothing");  // so that it is not the whole block that comes
    Node after = holding(path.substr(0, path.find('[')));
    if (path.starts_with("sip.")) return !config::changes_between(before, after).after_restart.empty();
    return !config::changes_between({}, after).after_restart.empty();
}

}  // namespace

int main() {
    for (const config::Key& key : config::keys()) {
        std::string choices;
        for (const std::string_view choice : key.choices) choices.append(choices.empty() ? "" : ", ").append(choice);
        std::string line(key.path);
        const auto add = [&](std::string_view field) { line.append("\t").append(field); };
        add(kShapes[static_cast<int>(key.shape)]);
        add(key.several ? "secret, or a list of them" : kTypes[static_cast<int>(key.type)]);
        add(kTypes[static_cast<int>(key.item)]);
        add(key.fallback != nullptr ? key.fallback : "");
        add(key.variable);
        add(std::to_string(key.min));
        add(key.max == INT64_MAX ? "" : std::to_string(key.max));
        add(choices);
        add(key.required ? "required" : "");
        add(waits_for_restart(key.path) ? "restart" : "");
        add(key.help);
        if (std::puts(line.c_str()) < 0) return 1;
    }
    return 0;
}
