// The breaker of a lane: keeps a receiver that fails again and again from being asked by every delivery that waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string_view>

namespace switchhook::delivery {

struct BreakerSettings {
    std::uint32_t failures = 10;  // attempts in a row that open it; 1 or more
    std::chrono::milliseconds first{200};
    std::chrono::milliseconds longest{5'000};
};

// Closed: attempts leave. After a run of failures it opens: none leaves until a pause is over, then one, the probe
// (half open); its failure opens it again for a longer pause, any success closes it. Pauses grow from `first` to
// `longest`, each a random part between half of it and the whole. One thread.
class Breaker {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    enum class State : std::uint8_t { closed = 1, open, half_open };

    State state() const { return state_; }
    // Open: no attempt leaves before.
    TimePoint until() const { return until_; }
    // When it opened last.
    TimePoint opened() const { return opened_; }
    bool admits(TimePoint now) const { return state_ == State::closed || (state_ == State::open && now >= until_); }

    // An attempt leaves, which was admitted. True: it is the probe.
    bool leaves();
    // A receiver that answered, even with a refusal, is there.
    void succeeded();
    // `probe`: of the attempt. A failure of one that left before the breaker opened says nothing new.
    void failed(bool probe, TimePoint now, const BreakerSettings& settings, std::mt19937_64& random);
    // An end that says nothing of the receiver. A probe is made again after a pause of the same length.
    void undecided(bool probe, TimePoint now, const BreakerSettings& settings, std::mt19937_64& random);

private:
    void open(TimePoint now, const BreakerSettings& settings, std::mt19937_64& random);

    State state_ = State::closed;
    std::uint32_t run_ = 0;     // failures since the last success
    std::uint32_t pauses_ = 0;  // of this time that it is open
    TimePoint until_{};
    TimePoint opened_{};
};

// "closed", "open", "half_open".
std::string_view breaker_name(Breaker::State state);

}  // namespace switchhook::delivery
