// Provisioner: brings LiveKit's SIP trunk and dispatch rule to the wanted state.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/component.hpp>

namespace switchhook {
inline namespace abi1 {

// What the configuration asks for; names and further details are settings of the component. Views live for the call.
struct Wanted {
    std::string_view room_prefix;                      // of the rooms that calls are put into; never empty
    std::span<const std::string> allowed_addresses{};  // IPv4, IPv6, CIDR; never empty
};

// What differs from the wanted state, one sentence for a person per change, in the order in which they are made. Empty:
// nothing to do.
struct Plan {
    std::vector<std::string> changes;
};

// plan and apply block, each at most a few of the component's own time limits; one thread at a time. stop() may come
// from another thread: a call under way then returns soon, with Code::unavailable. Code::unavailable: the service could
// not be reached or is not ready, the same call may succeed later. Any other code: it refused, and a person must act.
// Every text names the service's address, the trunk and the rule, and never a secret or a token.
class Provisioner : public Component {
public:
    // Reads, changes nothing.
    virtual Result<Plan> plan(const Wanted& wanted) = 0;
    // Plans afresh and makes the changes, until a plan is empty; what is not ours is never touched. Answers what was
    // changed, also by several instances at once: each sees one trunk and one rule in the end. Repeating it is safe,
    // also after a call whose outcome is unknown.
    virtual Result<Plan> apply(const Wanted& wanted) = 0;
};

}  // namespace abi1
}  // namespace switchhook
