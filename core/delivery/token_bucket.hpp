// How fast a lane may send: `burst` at once, and then `per_second`. On the steady clock, so that a jump of the wall
// clock neither stops nor floods a receiver.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <switchhook/hook.hpp>

namespace switchhook::delivery {

// One thread. Kept as one point in time (the generic cell rate algorithm, ITU-T I.371 annex A) instead of a number of
// tokens: nothing has to be filled up.
class TokenBucket {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // When the next attempt may leave; not later than now: at once. No rate: at once. A rate that has changed begins
    // with a full bucket.
    TimePoint next(const std::optional<Rate>& rate, TimePoint now) {
        if (rate_ != rate) {
            rate_ = rate;
            empty_at_ = now;
        }
        if (!rate_) return now;
        return std::max(empty_at_, now) - interval() * (std::max(rate_->burst, 1U) - 1);
    }
    // An attempt leaves, which next() allowed.
    void leaves(TimePoint now) {
        if (rate_) empty_at_ = std::max(empty_at_, now) + interval();
    }

private:
    std::chrono::steady_clock::duration interval() const {
        return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::seconds(1)) /
               std::max(rate_->per_second, 1U);
    }

    std::optional<Rate> rate_;
    TimePoint empty_at_{};  // when all that has left would have been paid for
};

}  // namespace switchhook::delivery
