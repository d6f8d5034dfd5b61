// What a call that failed means: LiveKit's answer, or its absence, as a Status for a person.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <switchhook/result.hpp>

#include "connections.hpp"

namespace switchhook::livekit_api {

enum class FailureKind : std::uint8_t {
    passing = 1,  // Code::unavailable; whether LiveKit carried the call out is unknown
    contradicts,  // 400 and its kin: what was sent does not fit what is stored; another instance may have caused it
    not_found,    // what was named is not there
    refused,      // anything else that only a person can change
};

struct Failure {
    FailureKind kind;
    Status status;
};

// The call as the texts name it. Views live for the call.
struct CallName {
    std::string_view server;  // the base URL
    std::string_view method;  // "CreateSIPInboundTrunk"
    std::string_view token;   // must not appear in a text
    std::string_view secret;  // neither
};

// For an answer that is no 200 with a JSON object. Of a plain-text body, and of that of a 401 (which repeats the
// token), nothing is quoted; of a Twirp error its code and message, cut and without control characters.
Failure failure_of(const CallName& call, const HttpAnswer& answer);

// An answer of 200 whose body is not what LiveKit answers; `what` as "is not JSON".
Failure strange_answer(const CallName& call, std::string_view what);

// At most 400 bytes, cut between characters; control characters become spaces.
std::string clean(std::string_view text);

}  // namespace switchhook::livekit_api
