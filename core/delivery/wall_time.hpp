// When something happened on the steady clock that was noted on the wall clock, also when the wall clock was stepped in
// between: a step of an hour must not make a fresh event an hour old.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include <switchhook/host.hpp>

#include "core/delivery/ledger.hpp"

namespace switchhook::delivery {

// One thread. Steps are seen between two looks; what was noted before the first look is judged by the offset of then.
class WallTime {
public:
    explicit WallTime(const Clock& clock) { look(clock); }

    // Often, and before what was noted since is asked for. Cheap.
    void look(const Clock& clock) {
        const auto now = clock.steady();
        const auto offset = std::chrono::milliseconds(clock.unix_ms()) - now.time_since_epoch();
        if (!epochs_.empty() && std::chrono::abs(offset - epochs_.back().offset) < kStep) return;
        if (epochs_.size() == kEpochs) epochs_.pop_front();
        epochs_.push_back({now, std::chrono::duration_cast<std::chrono::milliseconds>(offset)});
    }

    // Never later than `now`.
    TimePoint steady_of(std::int64_t unix_ms, TimePoint now) const {
        const std::chrono::milliseconds noted(unix_ms);
        TimePoint end = now;  // of the epoch, and the time a younger one would have to lie behind
        for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch) {
            const TimePoint at(noted - epoch->offset);
            if (at >= epoch->begin - kStep && at <= end + kStep) return std::min(at, now);
            end = epoch->begin;
        }
        return std::min(TimePoint(noted - epochs_.front().offset), now);
    }

private:
    static constexpr std::chrono::milliseconds kStep{2'000};  // slewing by NTP is no step
    static constexpr std::size_t kEpochs = 64;

    struct Epoch {
        TimePoint begin;
        std::chrono::milliseconds offset;  // Unix time minus steady time
    };
    std::deque<Epoch> epochs_;  // never empty
};

}  // namespace switchhook::delivery
