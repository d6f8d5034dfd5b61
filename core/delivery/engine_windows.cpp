// Windows: what comes into memory, from the committer's hands and from the outbox, and what leaves it.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/delivery/engine.hpp"

namespace switchhook::delivery {
namespace {

using std::chrono::milliseconds;

constexpr Place kNowhere = std::numeric_limits<Place>::max();
constexpr milliseconds kClaimAgain{1'000};  // after a claim that failed
constexpr std::size_t kLeastClaim = 32;     // most of what a claim brings may be known, or of held streams
constexpr std::size_t kLarge = std::size_t{64} << 10U;
constexpr std::size_t kClaimsAtOnce = 8;  // of all lanes: an answer may bring megabytes that no window counts yet
constexpr std::size_t kFirstClaim = 32;   // of a hook, after a start: other hooks wait for their first

}  // namespace

void Engine::hear(std::vector<Ready>& deliveries) {
    handed_over_ -= deliveries.size();
    for (auto& each : deliveries) {
        Lane& lane = lane_of(each.delivery.hook);
        touch(lane);
        if (lane.behind() || each.delivery.id <= lane.frontier()) continue;
        if (paused_.contains(lane.hook())) {  // nothing of it leaves for long: memory is for others
            lane.set_behind();
            continue;
        }
        switch (lane.hand_over(each.delivery.id, each.delivery.stream)) {
            case Lane::Judged::admitted:
                admit(lane, each.delivery, std::move(each.event), each.appended, 0);
                break;
            case Lane::Judged::no_room:
                lane.set_behind();
                break;
            case Lane::Judged::known:
            case Lane::Judged::left_out:
                break;
        }
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
    if (claims_ > 0) --claims_;
    const bool useless = claim.answer.ok() && claim.answer->more && claim.answer->deliveries.empty();
    if (!claim.answer.ok() || useless) {
        reports_.claim_failed(claim.hook, useless
                                              ? Status(Code::internal, "a claim brought nothing although there is more")
                                              : claim.answer.status());
        timers_.push({.due = now_ + kClaimAgain, .what = Timer::What::claim, .hook = claim.hook});
        return;
    }
    lane.claiming = false;
    bool stopped = false;
    for (auto& delivery : claim.answer->deliveries) {
        const auto judged = lane.walk(delivery.id, delivery.stream);
        stopped = judged == Lane::Judged::no_room;
        if (stopped) break;
        if (judged == Lane::Judged::admitted) admit(lane, delivery, nullptr, {}, claim.answer->fence);
    }
    lane.walked(!stopped && !claim.answer->more, stopped);
}

void Engine::admit(Lane& lane, WaitingDelivery& delivery, std::shared_ptr<const livekit::ReadEvent> event,
                   TimePoint appended, std::uint64_t fence) {
    const std::int64_t unix_now = clock_.unix_ms();
    if (!event) {
        auto read = reader_.read(std::move(delivery.body), delivery.event_id);
        if (!read) {
            reports_.unreadable(lane.hook(), delivery.id, delivery.event_id, read.status());
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
        appended = wall_time_.steady_of(delivery.appended_ms, now_);
    }
    // The wall clock may have jumped since the time was stored: never wait longer for it than the schedule ever does.
    const milliseconds wait(
        std::clamp<std::int64_t>(delivery.due_ms - unix_now, 0, profile_of(lane).longest_wait().count()));
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
        lane.set_sendable(place);
        touch(lane);
    } else {
        timers_.push({.due = entry.due, .hook = lane.hook(), .place = place, .id = entry.id});
    }
}

// Few large claims, not many small ones, unless slots are free for want of deliveries.
void Engine::claim_what_fits(Lane& lane) {
    const bool its_turn = std::exchange(lane.claims_next, false);
    if (lane.waits_with_bytes) wait_for_bytes_.erase({*lane.waits_with_bytes, lane.hook()});
    lane.waits_with_bytes.reset();
    if (stop_at_ || lane.claiming || (paused_.contains(lane.hook()) && hook_of(lane))) return;
    const bool hungry = lane.sendable() + lane.sending() < concurrency_of(lane);
    if (!hungry && lane.room() * 2 < lane.size() + lane.room()) return;
    const auto after = lane.claim_after();
    if (!after) {
        if (lane.lacks_bytes()) wait_for_bytes_.emplace(lane.waits_with_bytes.emplace(lane.bytes()), lane.hook());
        return;
    }
    if (claims_ >= kClaimsAtOnce || (!its_turn && !wait_to_claim_.empty())) {
        if (!std::exchange(lane.waits_to_claim, true)) wait_to_claim_.push_back(lane.hook());
        return;
    }
    ++claims_;
    lane.claiming = true;
    const std::size_t wanted = *after == 0 ? std::min(kFirstClaim, lane.room()) : lane.room();
    const bool large = lane.bytes() > lane.size() * kLarge;  // what is read and does not fit is read again
    ledger_.claim(lane.hook(), *after, std::max(wanted, large ? 1 : std::min(kLeastClaim, settings_.window)));
}

// The next lane that waited for others' claims is looked at in this round. False: there is none, or it has to wait.
bool Engine::look_at_next_claimer() {
    while (claims_ < kClaimsAtOnce && !wait_to_claim_.empty()) {
        const auto found = lanes_.find(wait_to_claim_.front());
        wait_to_claim_.pop_front();
        if (found == lanes_.end()) continue;
        found->second.waits_to_claim = false;
        found->second.claims_next = true;
        touch(found->second);
        return true;
    }
    return false;
}

// A lane that waited for bytes, and may have some now, is looked at in this round; first the one that holds least.
bool Engine::look_at_next_without_bytes() {
    while (!wait_for_bytes_.empty() && wait_for_bytes_.begin()->first < window_bytes_.allowed()) {
        const auto found = lanes_.find(wait_for_bytes_.begin()->second);
        wait_for_bytes_.erase(wait_for_bytes_.begin());
        if (found == lanes_.end()) continue;
        found->second.waits_with_bytes.reset();
        touch(found->second);
        return true;
    }
    return false;
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

}  // namespace switchhook::delivery
