#include "pruning.hpp"

namespace switchhook::store_sqlite {

// A time far in the future was written by a clock that was wrong: such a row would stay for ever.
bool Pruning::old(const StoredEvent& event, std::int64_t now_ms) const {
    return event.at_ms + keep_ms_ <= now_ms || event.at_ms > now_ms + keep_ms_;
}

Pruning::Look Pruning::look(Rows& rows, const Registry& registry, const StoredEvent& event, std::int64_t now_ms) {
    if (registry.is_parked(event.seq)) return Look::waits;
    bool dead = false;
    for (DeliveryId id = event.first; id < event.first + event.count; ++id) {
        const auto delivery = rows.delivery(id);
        if (delivery && delivery->state == DeliveryState::waiting) return Look::waits;
        dead = dead || (delivery && delivery->state == DeliveryState::dead);
    }
    if (dead) return Look::stays;
    rows.remove(event);
    // Its id is remembered ten minutes, also after pruning.
    if (event.at_ms + IdWindow::kRememberMs > now_ms) rows.add_seen(event.seq, event.at_ms, hash_id(event.id));
    return Look::removed;
}

std::size_t Pruning::step(Rows& rows, const Registry& registry, std::int64_t now_ms, bool for_space,
                          std::size_t limit) {
    std::size_t removed = 0;
    std::size_t looked = 0;
    blocked_.clear();
    unblocked_.clear();
    auto seq = waiting_.upper_bound(turn_);
    if (seq == waiting_.end()) seq = waiting_.begin();
    for (; seq != waiting_.end() && looked < limit / 2; ++seq, ++looked) {
        const auto found = rows.events_after(*seq - 1, 1);
        const bool exists = !found.empty() && found.front().seq == *seq;
        if (exists && !for_space && !old(found.front(), now_ms)) break;
        const Look seen = exists ? look(rows, registry, found.front(), now_ms) : Look::stays;
        if (seen != Look::waits) unblocked_.push_back(*seq);
        if (seen == Look::removed) ++removed;
        turn_ = *seq;
    }
    const auto events = rows.events_after(after_, limit - looked);
    new_after_ = after_;
    new_next_ms_.reset();
    more_ = events.size() == limit - looked;
    for (const auto& event : events) {
        if (!for_space && !old(event, now_ms)) {
            new_next_ms_ = event.at_ms + keep_ms_;
            more_ = false;
            break;
        }
        const Look seen = look(rows, registry, event, now_ms);
        if (seen == Look::removed) ++removed;
        if (seen == Look::waits) blocked_.push_back(event.seq);
        new_after_ = event.seq;
    }
    return removed;
}

void Pruning::keep() {
    after_ = new_after_;
    next_ms_ = more_ ? std::optional<std::int64_t>(0) : new_next_ms_;
    waiting_.insert(blocked_.begin(), blocked_.end());
    for (const RowId seq : unblocked_) waiting_.erase(seq);
}

void Pruning::undo() {
    more_ = false;
}

void Pruning::event_added(std::int64_t now_ms) {
    if (!next_ms_) next_ms_ = now_ms + keep_ms_;
}

}  // namespace switchhook::store_sqlite
