// Keeps one cause from filling the log: the first line at once, then at most one per interval, with the number held
// back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace switchhook::base {

// Not thread-safe (see Guarded). Keys may be chosen by strangers: the table is bounded, and when it is full the keys
// that do not fit share one place.
template <typename Key>
class LogLimit {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    LogLimit(std::chrono::milliseconds interval, std::size_t max_keys) : interval_(interval), max_keys_(max_keys) {}

    // A line may be written now: how many of that key were held back since its last one. Nothing: hold this one back.
    std::optional<std::uint64_t> admit(const Key& key, TimePoint now) {
        Place& place = place_of(key, now);
        if (place.last && now - *place.last < interval_) {
            ++place.held_back;
            return std::nullopt;
        }
        place.last = now;
        return std::exchange(place.held_back, 0);
    }

    std::size_t size() const { return places_.size(); }

private:
    struct Place {
        std::optional<TimePoint> last;
        std::uint64_t held_back = 0;
    };

    Place& place_of(const Key& key, TimePoint now) {
        if (const auto found = places_.find(key); found != places_.end()) return found->second;
        if (places_.size() >= max_keys_) forget_old(now);
        if (places_.size() >= max_keys_) return rest_;
        return places_[key];
    }

    // At most once per interval: a flood of new keys must not cost a walk each.
    void forget_old(TimePoint now) {
        if (forgot_ && now - *forgot_ < interval_) return;
        forgot_ = now;
        std::erase_if(places_, [&](const auto& each) { return now - *each.second.last >= interval_; });
    }

    std::chrono::milliseconds interval_;
    std::size_t max_keys_;
    std::unordered_map<Key, Place> places_;
    Place rest_;
    std::optional<TimePoint> forgot_;
};

}  // namespace switchhook::base
