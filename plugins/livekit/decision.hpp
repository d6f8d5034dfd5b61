// Decides from what is there what must be done: a pure function, the same for every instance that sees the same.
//
// Whose is a trunk (a rule alike)?
//   ours      its mark names our room prefix, whatever its name is;
//   adopted   no marked one is there, and this one has the configured name and no mark (the reference made it, or a
//             person): the smallest id of these;
//   foreign   all others, also those with the mark of another room prefix. They are never touched.
//
// Which of several marked ones stays? The one with the smallest id. LiveKit fills no created_at, and its ids are
// random, so that no instance can know which is older; "the one that the rule names" would change while others look,
// and two instances could each delete what the other kept. The smallest id is the same for everybody at every instant:
// it is deleted by nobody, so that at least one always stays. Nothing is lost by the choice: duplicates come from
// instances that start at the same instant, and while two trunks without numbers exist LiveKit answers each call with
// 503 anyway; calls that are already up need neither trunk nor rule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/result.hpp>

#include "sip_objects.hpp"

namespace switchhook::livekit_api {

enum class Action : std::uint8_t {
    delete_trunk = 1,
    create_trunk,
    replace_trunk,
    delete_rule,
    create_rule,
    replace_rule,
};

struct Step {
    Action action{};
    std::string id;        // of what is deleted or replaced
    Json object;           // what is created, or replaces
    std::string sentence;  // for a person
};

struct Decision {
    // In this order. Duplicates go first: while they are there, LiveKit refuses every change of the one that stays.
    std::vector<Step> steps;
    // Of what stays; empty when it must be created.
    std::string trunk_id;
    std::string rule_id;
    // Code::conflict: something foreign is in the way, named with what to do. There are no steps then.
    Status conflict;
};

Decision decide(const SipState& state, const WantedState& wanted);

}  // namespace switchhook::livekit_api
