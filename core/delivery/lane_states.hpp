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

// Any thread. A hook without a lane and without a pause is idle and well, and has no state.
class LaneStates {
public:
    void put(LaneState state) {
        states_.with([&](auto& all) { all.insert_or_assign(state.hook, std::move(state)); });
    }
    void erase(HookId hook) {
        states_.with([&](auto& all) { all.erase(hook); });
    }
    std::optional<LaneState> of(HookId hook) const {
        return states_.with([&](const auto& all) -> std::optional<LaneState> {
            const auto found = all.find(hook);
            if (found == all.end()) return std::nullopt;
            return found->second;
        });
    }
    // In no order.
    std::vector<LaneState> all() const {
        return states_.with([](const auto& all) {
            std::vector<LaneState> states;
            states.reserve(all.size());
            for (const auto& [hook, state] : all) states.push_back(state);
            return states;
        });
    }
    // Those that are paused or whose breaker is not closed, in no order.
    std::vector<LaneState> special() const {
        return states_.with([](const auto& all) {
            std::vector<LaneState> states;
            for (const auto& [hook, state] : all)
                if (state.paused || state.breaker != Breaker::State::closed) states.push_back(state);
            return states;
        });
    }

private:
    base::Guarded<std::unordered_map<HookId, LaneState>> states_;
};

}  // namespace switchhook::delivery
