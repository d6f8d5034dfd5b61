// Matcher: finds the hooks of an event.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/event.hpp>
#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

struct Matches {
    std::vector<HookId> hooks;  // usually none or one
    std::string host;           // what was looked for, for the log; may be set also when nothing was found
};

// A stranger's value as it can be shown: in quotes, control characters as '?', cut after `limit` bytes at a character.
inline std::string quoted_value(std::string_view value, std::size_t limit = 200) {
    const bool cut = value.size() > limit;
    if (cut) {
        while (limit > 0 && (static_cast<unsigned char>(value[limit]) & 0xC0U) == 0x80U) --limit;
        value = value.substr(0, limit);
    }
    std::string text = "'" + std::string(value) + (cut ? "...'" : "'");
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

// An immutable index over one version of the hooks. Any thread, many at once.
class HookIndex {
public:
    virtual ~HookIndex() = default;
    // Adds the hooks of this event to `matches`, or none. Time must not depend on the number of hooks, and must be
    // linear in the length of the event's attributes, which a stranger chose.
    virtual void find(const Event& event, Matches& matches) const = 0;
    // The same look-up in words for a person (`switchhook explain`), one step a line: what was read, what it yielded,
    // what was found. Strangers' values stand in it without control characters (quoted_value); the host masks numbers.
    virtual std::string explain(const Event& event) const {
        Matches matches;
        find(event, matches);
        const std::string host = matches.host.empty() ? "" : " for " + quoted_value(matches.host);
        return (matches.hooks.empty() ? "found no hook"
                                      : "found " + std::to_string(matches.hooks.size()) + " hook(s)") +
               host;
    }
};

// Matchers are asked in configured order; the first that finds any hook decides.
class Matcher : public Component {
public:
    // Called once per change of the hooks. The span is valid only during the call.
    virtual std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) = 0;
    // True when this matcher can make use of a hook with that host: the API refuses hosts that no matcher would ever
    // find.
    virtual bool accepts(std::string_view host) const = 0;
};

}  // namespace abi1
}  // namespace switchhook
