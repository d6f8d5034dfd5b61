// When the next attempt is due: the profiles by name, and the clock that makes a delay of a step.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/breaker.hpp"

namespace switchhook::delivery {

struct RetryProfile {
    std::vector<std::chrono::milliseconds> steps;  // between attempts, one or more; the last one repeats
    std::chrono::milliseconds max_age{0};          // after the append: an attempt that fails later is the last
    std::vector<int> refuse;                       // statuses that make a dead letter at once
    BreakerSettings breaker{};

    bool refuses(int status) const;
    // The longest that a Retry-After, or a due time of the store, is waited for: a minute, or the longest step.
    std::chrono::milliseconds longest_wait() const;
};

// 0.2, 0.5, 1, 2, 5, 10 s and then every 10 s, for a minute: a call is being made. Its breaker pauses 5 s at most.
RetryProfile call_profile();
// The schedule of Standard Webhooks (5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h), three days at most. Its breaker
// pauses 5 min at most.
RetryProfile standard_profile();

// By name. Constant once built.
class RetryProfiles {
public:
    // `call` and `standard`; a hook that names none has `call`.
    RetryProfiles();

    // The profile of that name; a new one begins as `call`.
    RetryProfile& operator[](const std::string& name) {
        return profiles_.try_emplace(name, call_profile()).first->second;
    }
    void set_default(std::string name) { default_ = std::move(name); }
    // Of that name; the default for an empty one, and for one that is not known (any more): a hook that was stored
    // under another configuration is still delivered.
    const RetryProfile& find(std::string_view name) const;

private:
    std::map<std::string, RetryProfile, std::less<>> profiles_;
    std::string default_ = "call";
};

// Full jitter: a random part of the step, so that those that failed together do not come back together. One thread.
class RetryClock {
public:
    explicit RetryClock(std::uint64_t seed) : random_(seed) {}

    // How long to wait after `attempts` attempts (at least 1). The later of the step and Retry-After, which counts up
    // to the profile's longest wait.
    std::chrono::milliseconds delay(const RetryProfile& profile, std::uint32_t attempts,
                                    std::optional<std::chrono::seconds> retry_after);
    std::mt19937_64& random() { return random_; }

private:
    std::mt19937_64 random_;
};

}  // namespace switchhook::delivery
