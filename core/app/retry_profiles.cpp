#include "core/app/retry_profiles.hpp"

namespace switchhook::app {

delivery::RetryProfiles retry_profiles(const config::Delivery& delivery) {
    delivery::RetryProfiles profiles;
    profiles["call"].max_age = delivery.max_age;
    for (const auto& [name, given] : delivery.retries) {
        delivery::RetryProfile& profile = profiles[name];
        if (!given.steps.empty()) profile.steps = given.steps;
        if (given.max_age) profile.max_age = *given.max_age;
        if (given.refuse) profile.refuse = *given.refuse;
        if (given.failures) profile.breaker.failures = *given.failures;
        if (given.longest_pause) profile.breaker.longest = *given.longest_pause;
    }
    profiles.set_default(delivery.retry);
    return profiles;
}

}  // namespace switchhook::app
