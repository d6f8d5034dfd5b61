#include "core/delivery/retry.hpp"

#include <algorithm>
#include <array>

namespace switchhook::delivery {
namespace {

using std::chrono::milliseconds;

constexpr std::array<milliseconds::rep, 6> kSteps{200, 500, 1'000, 2'000, 5'000, 10'000};

}  // namespace

Outcome outcome_of(const AttemptResult& result) {
    if (result.status >= 200 && result.status <= 299) return Outcome::delivered;
    if (result.code == "stopped") return Outcome::stopped;
    if (result.code == "forbidden_address" || result.code == "invalid_url") return Outcome::refused;
    switch (result.status) {
        case 400:
        case 410:
        case 413:
        case 415:
        case 422:
            return Outcome::refused;
        default:
            return Outcome::retry;
    }
}

milliseconds RetryClock::delay(std::uint32_t attempts, std::optional<std::chrono::seconds> retry_after) {
    const std::size_t step = std::min<std::size_t>(std::max(attempts, 1U), kSteps.size()) - 1;
    milliseconds wait(std::uniform_int_distribution<milliseconds::rep>(1, kSteps[step])(random_));
    if (retry_after) wait = std::max<milliseconds>(wait, std::min(*retry_after, kRetryAfterCap));
    return wait;
}

}  // namespace switchhook::delivery
