#include "core/config/changes.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "core/config/keys.hpp"

namespace switchhook::config {
namespace {

// What a running server keeps as it was opened: listeners, stores, libraries, the forwarder's connections, whether
// there is SIP at all, and whose rooms are calls.
constexpr auto kOpenedAtStart = std::to_array<std::string_view>({
    "server",
    "admin",
    "storage",
    "hook_store",
    "cache",
    "plugins",
    "forwarder",
    "sip",
    "log.format",
    "livekit.wait",
    "sip.room_prefix",
    "provisioner.use",
    "call_control.use",
    "delivery.dialect",
    "delivery.window",
    "delivery.park",
    "delivery.park_events",
    "delivery.keep",
    "delivery.keep_bytes",
    "delivery.dead_letters",
    "delivery.dead_keep",
});

const Node& nothing() {
    static const Node node;
    return node;
}

bool same(const Node& a, const Node& b) {
    if (a.kind != b.kind || a.text != b.text) return false;
    if (a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (!same(a.items[i], b.items[i])) return false;
    return std::ranges::all_of(a.entries, [&](const auto& entry) {
        const Node* const other = b.find(entry.first);
        return other != nullptr && same(entry.second, *other);
    });
}

bool opened_at_start(std::string_view path) {
    return std::ranges::any_of(kOpenedAtStart, [&](std::string_view key) {
        // `sip` itself: there is a block, or there is none; most keys inside of it can change.
        return path == key || (key != "sip" && path.starts_with(key) && path.substr(key.size()).starts_with('.'));
    });
}

void compare(const std::string& path, const Node& before, const Node& after, std::set<std::string>& changed) {
    if (same(before, after)) return;
    // A block that is not there is one without keys, but for `sip`, whose presence switches SIP on.
    const auto block = [&](const Node& node) {
        return node.kind == NodeKind::map || (node.kind == NodeKind::null && path != "sip");
    };
    const bool whole = !path.empty() && (path.find('.') != std::string::npos || !block(before) || !block(after));
    if (whole) {
        changed.insert(path);
        return;
    }
    for (const auto& [name, child] : before.entries) {
        const Node* const other = after.find(name);
        compare(joined(path, name), child, other != nullptr ? *other : nothing(), changed);
    }
    for (const auto& [name, child] : after.entries)
        if (before.find(name) == nullptr) compare(joined(path, name), nothing(), child, changed);
}

}  // namespace

Changes changes_between(const Node& before, const Node& after) {
    std::set<std::string> changed;
    compare({}, before, after, changed);
    Changes changes;
    for (const auto& path : changed)
        (opened_at_start(path) ? changes.after_restart : changes.in_effect).push_back(path);
    return changes;
}

}  // namespace switchhook::config
