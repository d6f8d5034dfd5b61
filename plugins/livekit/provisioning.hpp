// Provisioning: brings one LiveKit's trunk and dispatch rule to the wanted state. What the plugin wraps.
//
// LiveKit has no transactions and no compare-and-set: its check for conflicts and its store are two steps, an update
// loads, changes and stores, and a list is a moment that has passed. So nothing is trusted but what is read:
//
//   repeat, at most 8 times and within four time limits of a call:
//     read all trunks and rules; decide (decision.hpp) which are ours and what differs
//     nothing differs                       -> done
//     do the steps in their order; compare each answer with what was asked for
//       a trunk was created                 -> read again before a rule names it
//       404: it is gone                     -> read again (a deletion has then done its work)
//       400, 409, 412: it contradicts       -> read again; the same step refused twice in a row: that is a refusal
//       no answer, 5xx: outcome unknown     -> read again; the third in one run: that is Code::unavailable
//     after the last step                   -> read again
//
// Two instances A and B at the same instant, step by step:
//   both find nothing, A stores a; LiveKit refuses b (400) -> B reads a, which is marked as ours: nothing to create.
//   both pass LiveKit's check, a and b are stored -> each reads both, keeps the smaller, deletes the other; the second
//     deletion of a trunk answers 200, that of a rule 404: both are well.
//   A reads {a} before b is stored and goes on to the rule -> B reads {a, b}. Does b stay, B deletes a and points A's
//     rule at b: a rule that names a deleted trunk is one that differs. A's last reading shows b, or came before all
//     this: then B has finished the work for both.
//   A and B each create a rule, for trunks of which one is then deleted -> each reads both rules; the duplicate is
//     deleted first, because LiveKit refuses to point the other at a trunk that two rules would then share.
//   A replaces a trunk which B deletes meanwhile -> LiveKit's load-change-store may bring it back; A's next reading
//   shows
//     two, and the duplicate goes again.
// Two duplicates that are stored make LiveKit refuse each change of either (400): that is why they are deleted before
// anything else. A crash at any point leaves what the next start reads: a marked trunk, a rule or not, a duplicate.
// What cannot be helped: a person's change between our reading and our replacing, some milliseconds, is overwritten.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/provisioner.hpp>

#include "api_client.hpp"
#include "decision.hpp"
#include "source_address.hpp"

namespace switchhook::livekit_api {

struct ProvisioningOptions {
    // "{room_prefix}" in them is replaced.
    std::string trunk_name = "sayna-{room_prefix}-trunk";
    std::string rule_name = "sayna-{room_prefix}-dispatch";
    std::int64_t max_participants = 3;
};

// One thread at a time.
class Provisioning final {
public:
    Provisioning(ProvisioningOptions options, ApiClient& api) : options_(std::move(options)), api_(api) {}

    // As Provisioner's.
    Result<Plan> plan(const Wanted& wanted);
    Result<Plan> apply(const Wanted& wanted);

private:
    struct Run;
    struct Outcome;

    Result<WantedState> complete(const Wanted& wanted) const;
    Result<SipState> read(Run& run);
    Status read_pages(Run& run, std::string_view method, std::string_view id_field, std::vector<Json>& items);
    Outcome carry_out(Run& run, const Step& step);
    Reply ask(Run& run, std::string_view method, const Json& request);
    Status named(const WantedState& state, const Status& status, const std::vector<std::string>& changes) const;

    const ProvisioningOptions options_;
    ApiClient& api_;
};

}  // namespace switchhook::livekit_api
