// What an attempt's result means. Every code that can end an attempt or a delivery stands in one list; docs/outcomes.md
// is held to it by a test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <switchhook/forwarder.hpp>

#include "core/delivery/retry.hpp"

namespace switchhook::delivery {

enum class Outcome : std::uint8_t {
    delivered = 1,  // a complete 2xx head came, whatever happened to the body
    retry,
    refused,  // the receiver speaks of this very event, or the address is forbidden: repeating changes nothing
    stopped,  // cut off by our own end: not counted, recovered at the next start
};

// What a code means, apart from a status of the receiver's.
enum class Means : std::uint8_t {
    delivered = 1,
    hook,       // a fault of the receiver's side: repeated, and counts against the hook's breaker
    ours,       // a fault of our side: repeated, and does not count against the hook
    refusal,    // a dead letter at once
    stopped,    // not counted at all
    no_attempt  // ends a delivery without an attempt of its own
};

struct OutcomeCode {
    std::string_view code;
    Means means;
};

// All codes except those of statuses, which are "status_<n>".
std::span<const OutcomeCode> outcome_codes();

// `profile` decides which statuses are refused; everything that is not known is repeated: a tenant's roll-out answers
// 404, 401 or a wrong certificate for seconds, and a call must survive that.
Outcome outcome_of(const AttemptResult& result, const RetryProfile& profile);

// A result that says nothing about the hook: our name server, our network, our files, our settings.
bool is_our_fault(const AttemptResult& result);

// The code as metrics show it: a receiver chooses its status and a forwarder its words, and neither may choose a label.
// "status_<n>" of statuses that RFC 9110 and its registry know, "status_other", "other", else the code itself.
std::string_view counted_code(const AttemptResult& result);

}  // namespace switchhook::delivery
