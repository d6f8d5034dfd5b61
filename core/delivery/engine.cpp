#include "core/delivery/engine.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace switchhook::delivery {
namespace {

using std::chrono::milliseconds;

constexpr Place kNowhere = std::numeric_limits<Place>::max();
constexpr std::size_t kIdleLanes = 1'024;     // empty lanes that are kept: making one anew for each event costs more
constexpr milliseconds kClaimAgain{1'000};    // after a claim that failed
constexpr milliseconds kStoppedAgain{1'000};  // after an attempt that a forwarder cut off while the engine goes on

}  // namespace

Engine::Engine(EngineSettings settings, const routing::Hooks& hooks, RequestWriter writer, Forwarder& forwarder,
               Ledger& ledger, metrics::Metrics& metrics, Log& log, const Clock& clock)
    : settings_(settings),
      hooks_(hooks),
      writer_(std::move(writer)),
      forwarder_(forwarder),
      ledger_(ledger),
      clock_(clock),
      reports_(metrics, log, clock),
      retry_clock_(settings.seed) {}

std::optional<TimePoint> Engine::run_once() {
    mailbox_->take(heard_);
    now_ = clock_.steady();
    routes_ = hooks_.routes();
    for (auto& message : heard_) std::visit([this](auto& content) { hear(content); }, message);
    heard_.clear();  // events that were not taken in are freed now, not at the next message
    fire_timers();
    finish_round();
    if (!settlements_.empty()) ledger_.settle(std::exchange(settlements_, {}));
    routes_.reset();
    if (timers_.empty()) return std::nullopt;
    return timers_.top().due;
}

Lane& Engine::lane_of(HookId hook) {
    const auto [found, is_new] = lanes_.try_emplace(hook, hook, settings_.window);
    if (is_new) reports_.lanes(lanes_.size());
    return found->second;
}

void Engine::touch(Lane& lane) {
    if (std::exchange(lane.touched, true)) return;
    touched_.push_back(&lane);
}

void Engine::hear(std::vector<Ready>& deliveries) {
    handed_over_ -= deliveries.size();
    for (auto& each : deliveries) {
        Lane& lane = lane_of(each.delivery.hook);
        touch(lane);
        if (lane.behind() || each.delivery.id <= lane.cursor()) continue;
        if (lane.room() == 0)
            lane.set_behind();
        else
            admit(lane, each.delivery, std::move(each.event), each.appended, 0);
    }
}

void Engine::hear(LeftBehind& left) {
    for (const HookId hook : left.hooks) {
        Lane& lane = lane_of(hook);
        lane.set_behind();
        touch(lane);
    }
}

void Engine::hear(ClaimAnswer& claim) {
    Lane& lane = lane_of(claim.hook);
    touch(lane);
    const bool useless = claim.answer.ok() && claim.answer->more && claim.answer->deliveries.empty();
    if (!claim.answer.ok() || useless) {
        reports_.claim_failed(claim.hook, useless
                                              ? Status(Code::internal, "a claim brought nothing although there is more")
                                              : claim.answer.status());
        timers_.push({.due = now_ + kClaimAgain, .hook = claim.hook});
        return;
    }
    lane.claiming = false;
    for (auto& delivery : claim.answer->deliveries)
        if (delivery.id > lane.cursor()) admit(lane, delivery, nullptr, {}, claim.answer->fence);
    if (!claim.answer->more) lane.set_caught_up();
}

void Engine::hear(Stop& stop) {
    stop_at_ = stop.deadline;
}

void Engine::admit(Lane& lane, WaitingDelivery& delivery, std::shared_ptr<const livekit::ReadEvent> event,
                   TimePoint appended, std::uint64_t fence) {
    const std::int64_t unix_now = clock_.unix_ms();
    if (!event) {
        auto read = reader_.read(std::move(delivery.body), delivery.event_id);
        if (!read) {
            reports_.unreadable(lane.hook(), delivery.id, delivery.event_id, read.status());
            lane.move_cursor(delivery.id);
            settlements_.push_back({.hook = lane.hook(),
                                    .id = delivery.id,
                                    .place = kNowhere,
                                    .state = DeliveryState::dead,
                                    .attempts = delivery.attempts,
                                    .fence = fence,
                                    .code = "unreadable"});
            return;
        }
        event = std::move(read).value();
        appended = now_ - milliseconds(std::max<std::int64_t>(0, unix_now - delivery.appended_ms));
    }
    // The wall clock may have jumped since the time was stored: never wait longer for it than the schedule ever does.
    const milliseconds wait(
        std::clamp<std::int64_t>(delivery.due_ms - unix_now, 0, milliseconds(RetryClock::kRetryAfterCap).count()));
    const auto first = lane.add({.id = delivery.id,
                                 .stream = delivery.stream,
                                 .event = std::move(event),
                                 .appended = appended,
                                 .due = now_ + (delivery.due_ms == 0 ? milliseconds(0) : wait),
                                 .attempts = delivery.attempts,
                                 .fence = fence});
    if (first) first_of_stream(lane, *first);
}

void Engine::first_of_stream(Lane& lane, Place place) {
    const Entry& entry = lane.at(place);
    if (entry.due <= now_) {
        lane.sendable.push_back(place);
        touch(lane);
    } else {
        timers_.push({.due = entry.due, .hook = lane.hook(), .place = place, .id = entry.id});
    }
}

void Engine::fire_timers() {
    while (!timers_.empty() && timers_.top().due <= now_) {
        const Timer timer = timers_.top();
        timers_.pop();
        const auto found = lanes_.find(timer.hook);
        if (found == lanes_.end()) continue;
        Lane& lane = found->second;
        touch(lane);
        if (timer.id == 0)
            lane.claiming = false;
        else if (lane.find(timer.place, timer.id))
            lane.sendable.push_back(timer.place);
    }
}

void Engine::finish_round() {
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        Lane& lane = *touched_[i];
        send_what_can_leave(lane);
        claim_what_fits(lane);
        lane.touched = false;
        if (lane.size() == 0 && !lane.behind() && lanes_.size() > kIdleLanes) {
            lanes_.erase(lane.hook());
            reports_.lanes(lanes_.size());
        }
    }
    touched_.clear();
}

void Engine::send_what_can_leave(Lane& lane) {
    while (!stop_at_ && !lane.sendable.empty() && lane.sending < settings_.concurrency) {
        const Place place = lane.sendable.front();
        lane.sendable.pop_front();
        attempt(lane, place);
    }
}

void Engine::claim_what_fits(Lane& lane) {
    if (stop_at_ || !lane.behind() || lane.claiming) return;
    if (lane.size() != 0 && lane.room() * 2 < settings_.window) return;  // few large claims, not many small ones
    lane.claiming = true;
    ledger_.claim(lane.hook(), lane.cursor(), lane.room());
}

void Engine::attempt(Lane& lane, Place place) {
    Entry& entry = lane.at(place);
    const Hook* hook = routes_->find(lane.hook());
    if (!hook) {
        end(lane, place, DeliveryState::dead, "hook_removed", {});
        return;
    }
    auto written = writer_.write(entry.event, *hook, lane.checked_url);
    if (const auto* failed = std::get_if<AttemptResult>(&written)) {
        attempted(lane, place, *failed);
        return;
    }
    entry.state = Entry::State::sending;
    ++lane.sending;
    ++under_way_;
    forwarder_.send(std::move(*std::get_if<Request>(&written)), settings_.timeout,
                    [mailbox = mailbox_, hook_id = lane.hook(), place, id = entry.id](AttemptResult result) {
                        mailbox->push(AttemptDone{hook_id, place, id, std::move(result)});
                    });
}

void Engine::hear(AttemptDone& done) {
    const auto found = lanes_.find(done.hook);
    if (found == lanes_.end()) return;
    Lane& lane = found->second;
    const Entry* entry = lane.find(done.place, done.id);
    if (!entry || entry->state != Entry::State::sending) return;  // a forwarder that completes twice
    --lane.sending;
    --under_way_;
    touch(lane);
    attempted(lane, done.place, done.result);
}

void Engine::attempted(Lane& lane, Place place, const AttemptResult& result) {
    Entry& entry = lane.at(place);
    const Outcome outcome = outcome_of(result);
    if (outcome == Outcome::stopped) {  // not counted, not settled: recovered at the next start
        entry.state = Entry::State::queued;
        entry.due = now_ + kStoppedAgain;
        first_of_stream(lane, place);
        return;
    }
    ++entry.attempts;
    reports_.attempt(outcome, entry, host_of(lane), result);
    if (outcome == Outcome::delivered) {
        reports_.delivered(entry);
        end(lane, place, DeliveryState::delivered, "delivered", {});
    } else if (outcome == Outcome::refused) {
        end(lane, place, DeliveryState::dead, result.code, {});
    } else if (now_ >= entry.appended + settings_.max_age) {
        end(lane, place, DeliveryState::dead, "expired", result.code);
    } else {
        repeat(lane, place, result);
    }
}

// The last attempt is made when the age is reached, however long the receiver asked to wait.
void Engine::repeat(Lane& lane, Place place, const AttemptResult& result) {
    Entry& entry = lane.at(place);
    const auto by_schedule = now_ + retry_clock_.delay(entry.attempts, result.retry_after);
    entry.due = std::min<TimePoint>(by_schedule, entry.appended + settings_.max_age);
    entry.state = Entry::State::queued;
    const auto wait = std::chrono::ceil<milliseconds>(entry.due - now_);
    settlements_.push_back({.hook = lane.hook(),
                            .id = entry.id,
                            .place = place,
                            .state = DeliveryState::waiting,
                            .attempts = entry.attempts,
                            .due_ms = clock_.unix_ms() + wait.count(),
                            .fence = entry.fence,
                            .code = result.code});
    first_of_stream(lane, place);
}

void Engine::end(Lane& lane, Place place, DeliveryState state, std::string_view code, std::string_view last_code) {
    Entry& entry = lane.at(place);
    entry.state = Entry::State::settling;
    if (state == DeliveryState::dead) reports_.dead(lane.hook(), entry, host_of(lane), code, last_code);
    settlements_.push_back({.hook = lane.hook(),
                            .id = entry.id,
                            .place = place,
                            .state = state,
                            .attempts = entry.attempts,
                            .fence = entry.fence,
                            .code = std::string(code)});
}

void Engine::hear(std::vector<Settlement>& settlements) {
    for (const auto& each : settlements) {
        const auto found = lanes_.find(each.hook);
        if (found == lanes_.end()) continue;
        Lane& lane = found->second;
        const Entry* entry = lane.find(each.place, each.id);
        if (!entry || entry->state != Entry::State::settling) continue;
        touch(lane);
        if (const auto next = lane.remove(each.place)) first_of_stream(lane, *next);
    }
}

std::string_view Engine::host_of(const Lane& lane) const {
    const Hook* hook = routes_->find(lane.hook());
    return hook ? std::string_view(hook->host) : std::string_view();
}

}  // namespace switchhook::delivery
