// Matcher: finds the hooks of an event.
#pragma once

#include <memory>
#include <span>
#include <string>
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

// An immutable index over one version of the hooks. Any thread, many at once.
class HookIndex {
public:
    virtual ~HookIndex() = default;
    // Adds the hooks of this event to `matches`, or none. Time must not depend on the number of hooks, and must be
    // linear in the length of the event's attributes, which a stranger chose.
    virtual void find(const Event& event, Matches& matches) const = 0;
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
