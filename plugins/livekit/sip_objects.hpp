// Inbound trunks and dispatch rules as LiveKit answers them, and how ours must look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/result.hpp>

#include "answer.hpp"

namespace switchhook::livekit_api {

// The wanted state, checked and complete.
struct WantedState {
    std::string trunk_name;
    std::string rule_name;
    std::string room_prefix;
    std::vector<std::string> allowed_addresses;
    std::int64_t max_participants = 3;  // 0: no limit
};

struct Trunk {
    std::string id;
    std::string name;
    std::string metadata;
    std::vector<std::string> numbers;
    std::vector<std::string> allowed_numbers;
    // All of it, also what we do not know. Holds auth_password: never to be shown.
    Json object;
};

struct Rule {
    std::string id;
    std::string name;
    std::string metadata;
    std::vector<std::string> trunk_ids;
    std::string pin;
    bool any_number = true;  // neither numbers nor inbound_numbers
    Json object;
};

// What is there, in ascending order of ids.
struct SipState {
    std::vector<Trunk> trunks;
    std::vector<Rule> rules;
};

// Nothing when the object has no id of its kind.
std::optional<Trunk> read_trunk(const Json& object);
std::optional<Rule> read_rule(const Json& object);

// A new one. The rule is bound to that trunk alone: a rule without trunks takes calls from any address, without any
// check (livekit-sip).
Json new_trunk(const WantedState& wanted);
Json new_rule(const WantedState& wanted, const std::string& trunk_id);

// What of ours differs, for a person: "allowed_addresses [a] -> [b]". Empty: nothing.
using Differences = std::vector<std::string>;
Differences trunk_differences(const Json& trunk, const WantedState& wanted);
Differences rule_differences(const Json& rule, const WantedState& wanted, const std::string& trunk_id);

// The whole object with our fields set and all others as they were, ready for `replace`. `update` cannot change
// include_headers and room_config (it answers 200 and does nothing), and `replace` clears what it is not sent: so all
// is read, changed and sent back. auth_*, krisp, media, ringing_timeout, attributes, agents, timeouts survive that way.
Json changed_trunk(Json trunk, const WantedState& wanted);
Json changed_rule(Json rule, const WantedState& wanted, const std::string& trunk_id);

}  // namespace switchhook::livekit_api
