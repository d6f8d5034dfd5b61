// Rounds: what arrived is heard, what is due is woken, what can leave leaves.
#include "core/delivery/engine.hpp"

#include <algorithm>
#include <utility>

namespace switchhook::delivery {
namespace {

constexpr std::size_t kIdleLanes = 1'024;  // empty lanes that are kept: making one anew for each event costs more

}  // namespace

Engine::Engine(EngineSettings settings, const routing::Hooks& hooks, RequestWriter writer, Forwarder& forwarder,
               Ledger& ledger, metrics::Metrics& metrics, Log& log, const Clock& clock)
    : settings_(std::move(settings)),
      hooks_(hooks),
      writer_(std::move(writer)),
      forwarder_(forwarder),
      ledger_(ledger),
      clock_(clock),
      reports_(metrics, log, clock),
      retry_clock_(settings_.seed),
      wall_time_(clock) {}

std::optional<TimePoint> Engine::run_once() {
    mailbox_->take(heard_);
    now_ = clock_.steady();
    wall_time_.look(clock_);
    routes_ = hooks_.routes();
    for (auto& message : heard_) std::visit([this](auto& content) { this->hear(content); }, message);
    heard_.clear();  // events that were not taken in are freed now, not at the next message
    fire_timers();
    finish_round();
    if (!settlements_.empty()) ledger_.settle(std::exchange(settlements_, {}));
    routes_.reset();
    if (timers_.empty()) return std::nullopt;
    return timers_.top().due;
}

Lane& Engine::lane_of(HookId hook) {
    const auto [found, is_new] = lanes_.try_emplace(hook, hook, settings_.window, &window_bytes_);
    if (is_new) reports_.lanes(lanes_.size());
    return found->second;
}

void Engine::touch(Lane& lane) {
    if (std::exchange(lane.touched, true)) return;
    touched_.push_back(&lane);
}

void Engine::hear(Reconfigured& reconfigured) {
    reconfigured.settings.window = settings_.window;  // lanes have theirs
    settings_ = std::move(reconfigured.settings);
    writer_.replace(std::move(reconfigured.secrets));
    for (auto& [hook, lane] : lanes_) touch(lane);  // more may leave at once now
}

void Engine::hear(Stop& stop) {
    stop_at_ = stop.deadline;
}

void Engine::fire_timers() {
    while (!timers_.empty() && timers_.top().due <= now_) {
        const Timer timer = timers_.top();
        timers_.pop();
        const auto found = lanes_.find(timer.hook);
        if (found == lanes_.end()) continue;
        Lane& lane = found->second;
        touch(lane);
        switch (timer.what) {
            case Timer::What::claim:
                lane.claiming = false;
                break;
            case Timer::What::look:
                if (lane.look_at && *lane.look_at <= now_) lane.look_at.reset();
                break;
            case Timer::What::delivery:
                if (const Entry* entry = lane.find(timer.place, timer.id)) {
                    if (entry->attempts != 0) reports_.retry_fires(now_ - timer.due);
                    lane.set_sendable(timer.place);
                }
                break;
        }
    }
}

// One timer of a lane at a time, and none for what nothing waits for.
void Engine::look_again(Lane& lane, TimePoint at) {
    if (lane.look_at && *lane.look_at <= at) return;
    lane.look_at = at;
    timers_.push({.due = at, .what = Timer::What::look, .hook = lane.hook()});
}

void Engine::finish_round() {
    for (std::size_t i = 0; i < touched_.size() || look_at_next_without_bytes() || look_at_next_claimer(); ++i) {
        Lane& lane = *touched_[i];
        send_what_can_leave(lane);
        claim_what_fits(lane);
        lane.touched = false;
        publish(lane);
        const bool idle = lane.size() == 0 && !lane.leaves_out() && lane.breaker.state() == Breaker::State::closed;
        if (!idle || lanes_.size() <= kIdleLanes) continue;
        states_.erase(lane.hook());
        lanes_.erase(lane.hook());
        reports_.lanes(lanes_.size());
    }
    touched_.clear();
}

void Engine::publish(const Lane& lane) {
    states_.put({.hook = lane.hook(),
                 .breaker = lane.breaker.state(),
                 .since_ms = lane.breaker_since_ms,
                 .paused = std::nullopt,
                 .queued = lane.size(),
                 .more = lane.leaves_out()});
}

}  // namespace switchhook::delivery
