// Attempts: which may leave now, and what becomes of them.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/delivery/engine.hpp"

namespace switchhook::delivery {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kStoppedAgain{1'000};  // after an attempt that a forwarder cut off while the engine goes on
constexpr int kGone = 410;

std::uint32_t micros(microseconds time) {
    return static_cast<std::uint32_t>(
        std::clamp<microseconds::rep>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

AttemptRecord record_of(const Entry& entry, const AttemptResult& result) {
    return {.at_ms = entry.sent_ms,
            .resolved_us = micros(result.resolved),
            .connected_us = micros(result.connected),
            .secured_us = micros(result.secured),
            .answered_us = micros(result.answered),
            .took_us = micros(result.took),
            .status = result.status,
            .code = result.code,
            .address = result.address,
            .answer = result.answer.substr(0, AttemptRecord::kAnswer)};
}

// How old the event may be, when the hook says so for its name.
std::optional<milliseconds> own_age(const Hook* hook, const Entry& entry) {
    if (!hook || hook->max_age.empty()) return std::nullopt;
    const auto found = hook->max_age.find(std::string(entry.event->event().name));
    if (found == hook->max_age.end()) return std::nullopt;
    return found->second;
}

bool is_stale(const Hook* hook, const Entry& entry, TimePoint now) {
    const auto age = own_age(hook, entry);
    return age && now > entry.appended + *age;
}

}  // namespace

std::string_view Engine::host_of(const Lane& lane) const {
    const Hook* hook = hook_of(lane);
    return hook ? std::string_view(hook->host) : std::string_view();
}

const RetryProfile& Engine::profile_of(const Lane& lane) const {
    const Hook* hook = hook_of(lane);
    return settings_.profiles.find(hook ? std::string_view(hook->retry) : std::string_view());
}

std::size_t Engine::concurrency_of(const Lane& lane) const {
    const Hook* hook = hook_of(lane);
    return hook && hook->concurrency != 0 ? hook->concurrency : settings_.concurrency;
}

void Engine::send_what_can_leave(Lane& lane) {
    if (stop_at_ || lane.sendable() == 0) return;
    const Hook* hook = hook_of(lane);
    if (!hook) return remove_what_waits(lane);
    if (paused_.contains(lane.hook())) return;
    const std::size_t concurrency = concurrency_of(lane);
    while (const auto place = lane.next_to_leave(concurrency)) {
        if (is_stale(hook, lane.at(*place), now_)) {
            lane.take(*place);
            end(lane, *place, DeliveryState::dead, "stale", {}, std::nullopt);
            continue;
        }
        if (!lane.breaker.admits(now_)) {
            // Half open: the probe's end will bring us back.
            if (lane.breaker.state() == Breaker::State::open) look_again(lane, lane.breaker.until());
            return;
        }
        if (const TimePoint next = lane.bucket.next(hook->rate, now_); next > now_) return look_again(lane, next);
        lane.take(*place);
        attempt(lane, *place, *hook);
    }
}

// The hook is gone, or belongs to another tenant.
void Engine::remove_what_waits(Lane& lane) {
    reports_.breaker(lane.breaker.state(), Breaker::State::closed, {}, {});
    lane.breaker = {};
    while (const auto place = lane.any_sendable()) {
        lane.take(*place);
        end(lane, *place, DeliveryState::dead, "hook_removed", {}, std::nullopt);
    }
}

void Engine::attempt(Lane& lane, Place place, const Hook& hook) {
    Entry& entry = lane.at(place);
    entry.sent = now_;
    entry.sent_ms = clock_.unix_ms();
    entry.probe = false;
    auto written = writer_.write(entry.event, hook, lane.checked_url);
    if (const auto* failed = std::get_if<AttemptResult>(&written)) {
        attempted(lane, place, *failed);
        return;
    }
    const auto before = lane.breaker.state();
    entry.probe = lane.breaker.leaves();
    if (entry.probe) lane.breaker_since_ms = entry.sent_ms;
    reports_.breaker(before, lane.breaker.state(), hook.host, {});
    lane.bucket.leaves(now_);
    lane.sends(place);
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
    lane.sent(done.place);
    --under_way_;
    touch(lane);
    attempted(lane, done.place, done.result);
}

void Engine::attempted(Lane& lane, Place place, const AttemptResult& result) {
    Entry& entry = lane.at(place);
    const Outcome outcome = outcome_of(result, profile_of(lane));
    if (outcome != Outcome::stopped) ++entry.attempts;
    reports_.attempt(outcome, entry, host_of(lane), result);
    judge_hook(lane, entry, outcome, result);
    switch (outcome) {
        case Outcome::stopped:  // not counted, not settled: recovered at the next start
            entry.state = Entry::State::queued;
            entry.due = now_ + kStoppedAgain;
            first_of_stream(lane, place);
            return;
        case Outcome::delivered:
            reports_.delivered(entry);
            end(lane, place, DeliveryState::delivered, "delivered", {}, record_of(entry, result));
            return;
        case Outcome::refused:
            end(lane, place, DeliveryState::dead, result.code, {}, record_of(entry, result));
            if (result.status == kGone) pause_at_once(lane, "status_410: the receiver says that it is gone for good");
            return;
        case Outcome::retry:
            failed(lane, place, result, record_of(entry, result));
            return;
    }
}

// What the attempt says of the hook. A refusal is an answer: the receiver is there.
void Engine::judge_hook(Lane& lane, const Entry& entry, Outcome outcome, const AttemptResult& result) {
    Breaker& breaker = lane.breaker;
    const auto before = breaker.state();
    const auto opened = breaker.opened();
    const auto& settings = profile_of(lane).breaker;
    if (outcome == Outcome::delivered || (outcome == Outcome::refused && result.status != 0))
        breaker.succeeded();
    else if (outcome == Outcome::retry && !is_our_fault(result))
        breaker.failed(entry.probe, now_, settings, retry_clock_.random());
    else
        breaker.undecided(entry.probe, now_, settings, retry_clock_.random());
    if (before == breaker.state() && opened == breaker.opened()) return;
    lane.breaker_since_ms = clock_.unix_ms();
    reports_.breaker(before, breaker.state(), host_of(lane), result.code);
}

// An attempt that failed when the age was reached was the last, unless the breaker opened while it was under way: time
// that passes behind an open breaker ends nothing without one more attempt. The last attempt is made when the age is
// reached, however long the receiver asked to wait.
void Engine::failed(Lane& lane, Place place, const AttemptResult& result, AttemptRecord record) {
    Entry& entry = lane.at(place);
    const RetryProfile& profile = profile_of(lane);
    const auto own = own_age(hook_of(lane), entry);
    const bool event_ends = own && *own < profile.max_age;
    const TimePoint last = entry.appended + (event_ends ? *own : profile.max_age);
    const bool opened_meanwhile = !entry.probe && lane.breaker.state() != Breaker::State::closed &&
                                  lane.breaker.opened() >= entry.sent && entry.state == Entry::State::sending;
    if (now_ >= last && (event_ends || !opened_meanwhile)) {
        end(lane, place, DeliveryState::dead, event_ends ? "stale" : "expired", result.code, std::move(record));
        return;
    }
    const auto by_schedule = now_ + retry_clock_.delay(profile, entry.attempts, result.retry_after);
    entry.due = std::max<TimePoint>(now_, std::min<TimePoint>(by_schedule, last));
    entry.state = Entry::State::queued;
    const auto wait = std::chrono::ceil<milliseconds>(entry.due - now_);
    settlements_.push_back({.hook = lane.hook(),
                            .id = entry.id,
                            .place = place,
                            .state = DeliveryState::waiting,
                            .attempts = entry.attempts,
                            .due_ms = clock_.unix_ms() + wait.count(),
                            .fence = entry.fence,
                            .code = result.code,
                            .attempt = std::move(record)});
    first_of_stream(lane, place);
}

void Engine::end(Lane& lane, Place place, DeliveryState state, std::string_view code, std::string_view last_code,
                 std::optional<AttemptRecord> record) {
    Entry& entry = lane.at(place);
    entry.state = Entry::State::settling;
    if (state == DeliveryState::dead) reports_.dead(lane.hook(), entry, host_of(lane), code, last_code);
    settlements_.push_back({.hook = lane.hook(),
                            .id = entry.id,
                            .place = place,
                            .state = state,
                            .attempts = entry.attempts,
                            .fence = entry.fence,
                            .code = std::string(code),
                            .attempt = std::move(record)});
}

}  // namespace switchhook::delivery
