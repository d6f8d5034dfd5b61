#include "pruning.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace switchhook::store_sqlite {

// A time far in the future was written by a clock that was wrong: such a row would stay for ever.
bool Pruning::old(std::int64_t at_ms, std::int64_t now_ms) const {
    return at_ms + keep_ms_ <= now_ms || at_ms > now_ms + keep_ms_;
}

Pruning::Look Pruning::look(Rows& rows, const Registry& registry, const StoredEvent& event, std::int64_t now_ms,
                            bool for_space) {
    if (registry.is_parked(event.seq)) return Look::waits;
    bool dead = false;
    bool young = false;
    std::vector<DeliveryId> successors;
    for (DeliveryId id = event.first; id < event.first + event.count; ++id) {
        auto delivery = rows.delivery(id);
        while (delivery && delivery->state == DeliveryState::requeued && delivery->successor > delivery->id) {
            successors.push_back(delivery->successor);
            delivery = rows.delivery(successors.back());
        }
        if (!delivery) continue;
        if (delivery->state == DeliveryState::waiting) return Look::waits;
        dead = dead || delivery->state == DeliveryState::dead;
        young = young || !old(delivery->at_ms, now_ms);  // requeued later than its event came
    }
    if (dead) return Look::stays;
    if (young && !for_space) return Look::waits;
    rows.remove(event);
    for (const DeliveryId id : successors) rows.remove_deliveries(id, 1);
    return Look::removed;
}

void Pruning::watch(std::vector<RowId> events) {
    std::ranges::sort(events);
    std::erase_if(events, [this](RowId seq) { return seq > after_; });  // it comes to them yet
    std::vector<RowId> both;
    both.reserve(waiting_.size() + events.size());
    std::ranges::set_union(waiting_, events, std::back_inserter(both));
    waiting_ = std::move(both);
}

std::size_t Pruning::step(Rows& rows, const Registry& registry, std::int64_t now_ms, bool for_space,
                          std::size_t limit) {
    std::size_t removed = 0;
    std::size_t looked = 0;
    blocked_.clear();
    unblocked_.clear();
    auto seq = std::ranges::upper_bound(waiting_, turn_);
    if (seq == waiting_.end()) seq = waiting_.begin();
    for (; seq != waiting_.end() && looked < limit / 2; ++seq, ++looked) {
        const auto found = rows.events_after(*seq - 1, 1);
        const bool exists = !found.empty() && found.front().seq == *seq;
        if (exists && !for_space && !old(found.front().at_ms, now_ms)) break;
        const Look seen = exists ? look(rows, registry, found.front(), now_ms, for_space) : Look::stays;
        if (seen != Look::waits) unblocked_.push_back(*seq);
        if (seen == Look::removed) ++removed;
        turn_ = *seq;
    }
    const auto events = rows.events_after(after_, limit - looked);
    new_after_ = after_;
    new_next_ms_.reset();
    more_ = events.size() == limit - looked;
    for (const auto& event : events) {
        if (!for_space && !old(event.at_ms, now_ms)) {
            new_next_ms_ = event.at_ms + keep_ms_;
            more_ = false;
            break;
        }
        const Look seen = look(rows, registry, event, now_ms, for_space);
        if (seen == Look::removed) ++removed;
        if (seen == Look::waits) blocked_.push_back(event.seq);
        new_after_ = event.seq;
    }
    return removed;
}

void Pruning::keep() {
    after_ = new_after_;
    next_ms_ = more_ ? std::optional<std::int64_t>(0) : new_next_ms_;
    // Both ascend, but for one turn from the end to the begin; those that are new lie behind all others.
    std::ranges::sort(unblocked_);
    if (!unblocked_.empty())
        std::erase_if(waiting_, [this](RowId seq) { return std::ranges::binary_search(unblocked_, seq); });
    waiting_.insert(waiting_.end(), blocked_.begin(), blocked_.end());
}

void Pruning::undo() {
    more_ = false;
}

void Pruning::event_added(std::int64_t now_ms) {
    if (!next_ms_) next_ms_ = now_ms + keep_ms_;
}

}  // namespace switchhook::store_sqlite
