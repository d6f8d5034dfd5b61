// What the lanes look like from outside: for readiness, metrics and the API.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <switchhook/outbox.hpp>

#include "core/base/guarded.hpp"
#include "core/delivery/breaker.hpp"

namespace switchhook::delivery {

struct LaneState {
    HookId hook = 0;
    Breaker::State breaker = Breaker::State::closed;
    std::int64_t since_ms = 0;     // Unix milliseconds of the breaker's latest change; 0: none since the start
    std::optional<Paused> paused;  // nothing leaves until it is resumed
    std::size_t queued = 0;        // deliveries in memory, those under way included
    bool more = false;             // and further ones in the outbox
};

// Any thread. A hook without a lane and without a pause is idle and well, and has no state. Lanes are the engine's, as
// of its latest round; pauses are shown from the moment that somebody is told of them, which may be a round earlier.
class LaneStates {
public:
    void put(LaneState state) {
        states_.with([&](States& states) { states.lanes.insert_or_assign(state.hook, std::move(state)); });
    }
    void erase(HookId hook) {
        states_.with([&](States& states) { states.lanes.erase(hook); });
    }
    void pause(const Paused& paused) {
        states_.with([&](States& states) { states.paused.insert_or_assign(paused.hook, paused); });
    }
    void resume(HookId hook) {
        states_.with([&](States& states) { states.paused.erase(hook); });
    }

    std::optional<LaneState> of(HookId hook) const {
        return states_.with([&](const States& states) -> std::optional<LaneState> {
            const auto lane = states.lanes.find(hook);
            const auto paused = states.paused.find(hook);
            if (lane == states.lanes.end() && paused == states.paused.end()) return std::nullopt;
            LaneState state = lane != states.lanes.end() ? lane->second : LaneState{.hook = hook, .paused = {}};
            if (paused != states.paused.end()) state.paused = paused->second;
            return state;
        });
    }
    // In no order.
    std::vector<LaneState> all() const {
        return chosen([](const LaneState&) { return true; });
    }
    // Those that are paused or whose breaker is not closed, in no order.
    std::vector<LaneState> special() const {
        return chosen([](const LaneState& state) { return state.paused || state.breaker != Breaker::State::closed; });
    }

private:
    struct States {
        std::unordered_map<HookId, LaneState> lanes;  // without their pauses
        std::unordered_map<HookId, Paused> paused;
    };

    template <typename Wanted>
    std::vector<LaneState> chosen(Wanted wanted) const {
        return states_.with([&](const States& states) {
            std::vector<LaneState> found;
            for (const auto& [hook, paused] : states.paused)
                if (!states.lanes.contains(hook)) found.push_back({.hook = hook, .paused = paused});
            for (const auto& [hook, lane] : states.lanes) {
                const auto paused = states.paused.find(hook);
                const bool is_paused = paused != states.paused.end();
                if (!is_paused && !wanted(lane)) continue;
                found.push_back(lane);
                if (is_paused) found.back().paused = paused->second;
            }
            return found;
        });
    }

    base::Guarded<States> states_;
};

}  // namespace switchhook::delivery
