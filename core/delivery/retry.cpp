#include "core/delivery/retry.hpp"

#include <algorithm>

namespace switchhook::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kShortestCap{60};

// 400, 413, 415, 422: of this very event. 410: the receiver is gone for good.
std::vector<int> usual_refusals() {
    return {400, 410, 413, 415, 422};
}

}  // namespace

bool RetryProfile::refuses(int status) const {
    return std::ranges::find(refuse, status) != refuse.end();
}

milliseconds RetryProfile::longest_wait() const {
    milliseconds longest = kShortestCap;
    for (const auto step : steps) longest = std::max(longest, step);
    return longest;
}

RetryProfile call_profile() {
    return {.steps = {milliseconds(200), milliseconds(500), seconds(1), seconds(2), seconds(5), seconds(10)},
            .max_age = seconds(60),
            .refuse = usual_refusals()};
}

RetryProfile standard_profile() {
    return {
        .steps = {seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(14), hours(20), hours(24)},
        .max_age = hours(72),
        .refuse = usual_refusals(),
        .breaker = {.longest = minutes(5)}};
}

RetryProfiles::RetryProfiles() {
    profiles_.emplace("call", call_profile());
    profiles_.emplace("standard", standard_profile());
}

const RetryProfile& RetryProfiles::find(std::string_view name) const {
    if (const auto found = profiles_.find(name); found != profiles_.end()) return found->second;
    const auto usual = profiles_.find(default_);
    return usual != profiles_.end() ? usual->second : profiles_.find("call")->second;
}

milliseconds RetryClock::delay(const RetryProfile& profile, std::uint32_t attempts,
                               std::optional<std::chrono::seconds> retry_after) {
    const std::size_t step = std::min<std::size_t>(std::max(attempts, 1U), profile.steps.size()) - 1;
    milliseconds wait(std::uniform_int_distribution<milliseconds::rep>(
        1, std::max<milliseconds::rep>(1, profile.steps[step].count()))(random_));
    // Compared in seconds first: an absurd number of them does not fit into milliseconds.
    const auto cap = std::chrono::ceil<seconds>(profile.longest_wait());
    if (retry_after) wait = std::max<milliseconds>(wait, std::min(*retry_after, cap));
    return wait;
}

}  // namespace switchhook::delivery
