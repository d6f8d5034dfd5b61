// What an attempt's result means, and when the next one is due.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include <switchhook/forwarder.hpp>

namespace switchhook::delivery {

enum class Outcome : std::uint8_t {
    delivered = 1,  // a complete 2xx head came, whatever happened to the body
    retry,
    refused,  // the receiver speaks of this very event, or the address is forbidden: repeating changes nothing
    stopped,  // cut off by our own end: not counted, recovered at the next start
};

// Refused: 400, 410, 413, 415, 422, forbidden_address, invalid_url. A tenant's roll-out answers 404, 401 or a wrong
// certificate for seconds, and a call must survive that: everything else is repeated.
Outcome outcome_of(const AttemptResult& result);

// The profile `call`: 0.2, 0.5, 1, 2, 5, 10 s and then every 10 s, full jitter (a random part of the step, so that
// those that failed together do not come back together). One thread.
class RetryClock {
public:
    static constexpr std::chrono::seconds kRetryAfterCap{60};

    explicit RetryClock(std::uint64_t seed) : random_(seed) {}

    // How long to wait after `attempts` attempts (at least 1). The later of the step and Retry-After, which counts up
    // to kRetryAfterCap.
    std::chrono::milliseconds delay(std::uint32_t attempts, std::optional<std::chrono::seconds> retry_after);

private:
    std::mt19937_64 random_;
};

}  // namespace switchhook::delivery
