#include "core/pipeline/committer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace switchhook::pipeline {
namespace {

using delivery::Ready;
using delivery::Settlement;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};  // between two tries of the same settlements, doubled up to the longest
constexpr milliseconds kLongestPause{5'000};
constexpr milliseconds kMaintainAfterCommit{1'000};  // an outbox cannot foresee what a commit makes due earlier
constexpr milliseconds kMaintainPause{10};
constexpr milliseconds kMaintainAgain{5'000};  // after a failure
constexpr milliseconds kAskAgain{10};          // while the outbox still reads

// Trying the members of a group apart helps only when the fault lies in one of them.
bool may_be_a_member(const Status& status) {
    return !status.worth_retry() && status.code() != Code::corrupt;
}

Attempt seen(const delivery::AttemptRecord& record) {
    return {.at_ms = record.at_ms,
            .resolved_us = record.resolved_us,
            .connected_us = record.connected_us,
            .secured_us = record.secured_us,
            .answered_us = record.answered_us,
            .took_us = record.took_us,
            .status = record.status,
            .code = record.code,
            .address = record.address,
            .answer = record.answer};
}

}  // namespace

Committer::Committer(CommitterSettings settings, Outbox& outbox, const routing::Hooks& hooks,
                     const delivery::Dialects& dialects, metrics::Metrics& metrics, Log& log, const Clock& clock)
    : settings_(settings),
      outbox_(outbox),
      hooks_(hooks),
      dialects_(dialects),
      clock_(clock),
      reports_(metrics, log, clock) {}

std::optional<TimePoint> Committer::run_once() {
    hear();
    commit_group();
    change_pauses();
    run_orders();
    answer_claims();
    if (open_at_ && clock_.steady() >= *open_at_) look_whether_open();
    if (!open_at_ && maintain_at_ && clock_.steady() >= *maintain_at_) maintain();
    return next_time();
}

void Committer::hear() {
    mailbox_.take(heard_);
    for (auto& message : heard_) std::visit([this](auto& content) { this->hear(content); }, message);
    heard_.clear();
}

void Committer::hear(std::vector<Settlement>& settlements) {
    if (unsettled_.empty())
        unsettled_ = std::move(settlements);
    else
        std::move(settlements.begin(), settlements.end(), std::back_inserter(unsettled_));
}

void Committer::hear(MarkRequest& request) {
    if (const Status made = outbox_.set_mark(request.mark, request.value); !made) reports_.mark_failed(made);
}

void Committer::hear(Stop& stop) {
    stopping_ = true;
    stop_at_ = stop.deadline;
}

void Committer::take_group() {
    std::size_t bytes = 0;
    while (!arrivals_.empty() && group_.size() < settings_.group && bytes < settings_.group_bytes) {
        bytes += arrivals_.front().event->event().body.size();
        group_.push_back(std::move(arrivals_.front()));
        arrivals_.pop_front();
    }
}

void Committer::take_settlements() {
    const bool due = clock_.steady() >= settle_at_;
    if (!due && (settle_apart_ || group_.empty())) return;
    const auto count = std::min(unsettled_.size(), settings_.group_settlements);
    const auto end = unsettled_.begin() + static_cast<std::ptrdiff_t>(count);
    group_settlements_.assign(std::move_iterator(unsettled_.begin()), std::move_iterator(end));
    unsettled_.erase(unsettled_.begin(), end);
}

void Committer::commit_group() {
    take_group();
    take_settlements();
    if (group_.empty() && group_settlements_.empty()) return;
    commit(group_, group_settlements_);
    if (!kept_.empty()) {  // before what came later: a delivery's settlements keep their order
        keep(std::exchange(kept_, {}));
    } else if (!group_settlements_.empty()) {
        settle_at_ = {};
        settle_pause_ = milliseconds(0);
        settle_apart_ = false;
    }
    group_.clear();
    group_settlements_.clear();
}

void Committer::commit(std::span<Arrival> arrivals, std::span<Settlement> settlements) {
    appends_.clear();
    for (const auto& each : arrivals)
        appends_.push_back({.event = &each.event->event(), .matches = each.matches, .may_park = each.may_park});
    settled_.clear();
    attempts_.clear();
    attempts_.reserve(settlements.size());  // pointers into it
    for (const auto& each : settlements)
        settled_.push_back({.id = each.id,
                            .state = each.state,
                            .attempts = each.attempts,
                            .due_ms = each.due_ms,
                            .code = each.code,
                            .fence = each.fence,
                            .attempt = each.attempt ? &attempts_.emplace_back(seen(*each.attempt)) : nullptr});
    const delivery::EventFilter filter(hooks_.routes(), dialects_);
    const auto began = clock_.steady();
    auto result = outbox_.commit(appends_, settled_, filter, clock_.unix_ms());
    reports_.group(arrivals.size() + settlements.size(), clock_.steady() - began);
    if (result)
        committed(arrivals, settlements, std::move(result).value());
    else if (may_be_a_member(result.status()) && arrivals.size() + settlements.size() > 1)
        commit_halves(arrivals, settlements);
    else
        refused(arrivals, settlements, result.status());
}

void Committer::commit_halves(std::span<Arrival> arrivals, std::span<Settlement> settlements) {
    if (!arrivals.empty() && !settlements.empty()) {
        commit(arrivals, {});
        commit({}, settlements);
        return;
    }
    const std::size_t first_arrivals = arrivals.size() / 2;
    const std::size_t first_settlements = settlements.size() / 2;
    commit(arrivals.first(first_arrivals), settlements.first(first_settlements));
    commit(arrivals.subspan(first_arrivals), settlements.subspan(first_settlements));
}

void Committer::committed(std::span<Arrival> arrivals, std::span<Settlement> settlements, Committed result) {
    clear_fault(Fault::commit);
    if (!maintain_at_ || *maintain_at_ > clock_.steady() + kMaintainAfterCommit)
        maintain_at_ = clock_.steady() + kMaintainAfterCommit;
    hand_over(arrivals, settlements, result);  // first: what is to be delivered does not wait for 512 answers

    bool any_full = false;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
        const Appended what = i < result.appended.size() ? result.appended[i] : Appended{};
        reports_.appended(arrivals[i].event->event(), what, arrivals[i].host);
        const bool full = what.disposition == Disposition::full;
        any_full = any_full || full;
        answer(arrivals[i], full ? try_later() : accepted());
        if (owners_ != nullptr && what.room_hook != 0) owners_->seen(arrivals[i].event->event(), what.room_hook);
    }
    if (any_full) {
        reports_.full();
        set_fault(Fault::full, {Code::full, "the outbox is full: webhooks are answered 503"});
    } else if (!arrivals.empty()) {
        clear_fault(Fault::full);
    }
}

void Committer::hand_over(std::span<const Arrival> arrivals, std::span<Settlement> settlements, Committed& result) {
    const auto now = clock_.steady();
    std::vector<Ready> ready;
    ready.reserve(result.ready.size());
    for (auto& delivery : result.ready) {
        const bool from_memory = delivery.source < arrivals.size();
        auto event = from_memory ? arrivals[delivery.source].event : nullptr;
        ready.push_back({.delivery = std::move(delivery), .event = std::move(event), .appended = now});
    }
    if (!ready.empty()) sink_->ready(std::move(ready));

    std::vector<Settlement> ended;
    for (auto& each : settlements)
        if (each.state != DeliveryState::waiting) ended.push_back(std::move(each));
    if (!ended.empty()) sink_->settled(std::move(ended));
}

void Committer::refused(std::span<Arrival> arrivals, std::span<Settlement> settlements, const Status& why) {
    reports_.commit_failed(why, arrivals.size(), settlements.size());
    reports_.not_taken(arrivals.size());
    set_fault(Fault::commit, why);
    for (auto& arrival : arrivals) answer(arrival, try_later());
    if (settlements.empty()) return;
    std::move(settlements.begin(), settlements.end(), std::back_inserter(kept_));
    settle_apart_ = may_be_a_member(why);
    settle_pause_ = std::clamp(settle_pause_ * 2, kFirstPause, kLongestPause);
    settle_at_ = clock_.steady() + settle_pause_;
}

void Committer::answer(Arrival& arrival, const http::Response& response) {
    --waiting_;
    waiting_bytes_ -= arrival.event->event().body.size();
    arrival.exchange.answer(response);
    reports_.answered(clock_.steady() - arrival.received);
}

void Committer::answer_claims() {
    for (const auto& each : claims_)
        sink_->claimed(each.hook,
                       outbox_.claim({.hook = each.hook, .after = each.after, .limit = each.limit, .lease = {}}));
    claims_.clear();
}

void Committer::run_orders() {
    if (orders_.empty()) return;
    for (const auto& order : std::exchange(orders_, {})) order.run({});
    maintain_at_ = clock_.steady();  // a job begins with the next step of maintenance
}

void Committer::hand_over(std::vector<WaitingDelivery> ready) {
    std::vector<Ready> handed;
    handed.reserve(ready.size());
    for (auto& delivery : ready) handed.push_back({.delivery = std::move(delivery), .event = nullptr});
    if (!handed.empty()) sink_->ready(std::move(handed));
}

void Committer::maintain() {
    auto result = outbox_.maintain(clock_.unix_ms());
    const auto now = clock_.steady();
    if (!result) {
        reports_.maintenance_failed(result.status());
        maintain_at_ = now + kMaintainAgain;
        return;
    }
    reports_.maintained(*result);
    hand_over(std::move(result->ready));
    maintain_at_.reset();
    if (result->next_ms != 0)
        maintain_at_ = now + std::max(milliseconds(result->next_ms - clock_.unix_ms()), kMaintainPause);
}

// Maintenance would wait for the outbox, and claims for maintenance.
void Committer::look_whether_open() {
    const delivery::EventFilter filter(hooks_.routes(), dialects_);
    const Status answered = outbox_.commit({}, {}, filter, clock_.unix_ms()).status();
    if (answered.code() == Code::unavailable && outbox_.health()) {
        open_at_ = clock_.steady() + kAskAgain;
        return;
    }
    open_at_.reset();
    maintain_at_ = clock_.steady();
    if (!std::exchange(said_open_, true)) opened_.set_value(answered);
}

std::optional<TimePoint> Committer::next_time() const {
    if (!arrivals_.empty()) return clock_.steady();
    std::optional<TimePoint> next = open_at_ ? open_at_ : maintain_at_;
    if (!unsettled_.empty()) next = std::min(next.value_or(settle_at_), settle_at_);
    if (!pauses_.empty()) next = std::min(next.value_or(pause_at_), pause_at_);
    return next;
}

void Committer::set_fault(Fault fault, const Status& status) {
    fault_ = fault;
    failing_.with([&](Failing& held) { held = {status, clock_.steady()}; });
}

void Committer::clear_fault(Fault fault) {
    if (fault_ != fault) return;
    fault_ = Fault::none;
    failing_.with([](Failing& held) { held = {}; });
}

}  // namespace switchhook::pipeline
