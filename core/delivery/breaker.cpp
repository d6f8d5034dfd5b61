#include "core/delivery/breaker.hpp"

#include <algorithm>

namespace switchhook::delivery {

using std::chrono::milliseconds;

bool Breaker::leaves() {
    if (state_ != State::open) return false;
    state_ = State::half_open;
    return true;
}

void Breaker::succeeded() {
    state_ = State::closed;
    run_ = 0;
    pauses_ = 0;
}

void Breaker::failed(bool probe, TimePoint now, const BreakerSettings& settings, std::mt19937_64& random) {
    if (state_ == State::closed) {
        if (++run_ >= settings.failures) open(now, settings, random);
    } else if (probe) {
        open(now, settings, random);
    }
}

void Breaker::undecided(bool probe, TimePoint now, const BreakerSettings& settings, std::mt19937_64& random) {
    if (!probe || state_ != State::half_open) return;
    if (pauses_ > 0) --pauses_;
    open(now, settings, random);
}

void Breaker::open(TimePoint now, const BreakerSettings& settings, std::mt19937_64& random) {
    const auto longest = std::max(settings.longest, milliseconds(1));
    milliseconds pause = std::clamp(settings.first, milliseconds(1), longest);
    for (std::uint32_t i = 0; i < pauses_ && pause < longest; ++i) pause = std::min(pause * 2, longest);
    ++pauses_;
    state_ = State::open;
    opened_ = now;
    until_ = now + milliseconds(std::uniform_int_distribution<milliseconds::rep>((pause.count() + 1) / 2,
                                                                                 pause.count())(random));
}

std::string_view breaker_name(Breaker::State state) {
    switch (state) {
        case Breaker::State::closed:
            return "closed";
        case Breaker::State::open:
            return "open";
        case Breaker::State::half_open:
            return "half_open";
    }
    return {};
}

}  // namespace switchhook::delivery
