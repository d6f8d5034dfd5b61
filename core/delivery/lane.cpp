#include "core/delivery/lane.hpp"

#include <algorithm>
#include <utility>

namespace switchhook::delivery {

std::size_t Lane::room() const {
    const std::size_t by_count = window_ > size_ ? window_ - size_ : 0;
    const std::size_t allowed = all_bytes_->allowed();
    if (size_ == 0) return allowed < all_bytes_->of_a_lane ? std::min(by_count, WindowBytes::kWhenShort) : by_count;
    if (bytes_ >= allowed) return 0;
    const std::size_t mean = std::max<std::size_t>(1, bytes_ / size_);
    return std::min(by_count, (allowed - bytes_ + mean - 1) / mean);
}

bool Lane::fits(StreamId stream) const {
    const auto found = streams_.find(stream);
    const std::size_t count = found == streams_.end() ? 0 : found->second.count;
    return room() > 0 && count < std::max<std::size_t>(1, room() / 2);
}

bool Lane::hold(DeliveryId id, StreamId stream) {
    if (held_.size() >= window_) return false;
    held_.insert_or_assign(stream, Held{.first = id});
    if (!streams_.contains(stream)) drained_ = true;
    return true;
}

Lane::Judged Lane::hand_over(DeliveryId id, StreamId stream) {
    if (held_.contains(stream)) {
        frontier_ = id;
        return Judged::left_out;
    }
    if (room() == 0) return Judged::no_room;
    if (!fits(stream)) {
        if (!hold(id, stream)) return Judged::no_room;
        frontier_ = id;
        return Judged::left_out;
    }
    frontier_ = id;
    return Judged::admitted;
}

Lane::Judged Lane::walk(DeliveryId id, StreamId stream) {
    if (refill_) {
        if (id > frontier_)
            end_refill();
        else
            refill_ = id;
    }
    const auto held = held_.find(stream);
    if (held == held_.end()) return id <= frontier_ ? Judged::known : hand_over(id, stream);
    if (id < held->second.first) return Judged::known;
    frontier_ = std::max(frontier_, id);
    if (!held->second.open) return Judged::left_out;  // one before it was left out
    if (!fits(stream)) {
        held->second = {.first = id};
        if (!streams_.contains(stream)) drained_ = true;
        return Judged::left_out;
    }
    held->second.first = id + 1;
    return Judged::admitted;
}

void Lane::walked(bool to_the_end, bool stopped) {
    if (refill_) {
        const bool any_open = std::ranges::any_of(held_, [](const auto& each) { return each.second.open; });
        if (to_the_end || *refill_ >= frontier_)
            end_refill();
        else if (!any_open)
            refill_.reset();
    }
    if (to_the_end) behind_ = false;
    if (!stopped) return;
    behind_ = true;
    stuck_ = room() > 0;  // there was a place: it was too many streams. Room may come back without us, from other lanes
}

std::optional<DeliveryId> Lane::claim_after() {
    if (stuck_ || room() == 0) return std::nullopt;
    if (!refill_ && drained_) begin_refill();
    if (refill_) return refill_;
    if (behind_) return frontier_;
    return std::nullopt;
}

bool Lane::lacks_bytes() const {
    const bool own_limit = size_ >= window_ || bytes_ >= all_bytes_->of_a_lane || stuck_;
    return !own_limit && room() == 0 && (behind_ || refill_ || drained_);
}

void Lane::begin_refill() {
    drained_ = false;
    for (const auto& [stream, held] : held_)
        if (!streams_.contains(stream) && (!refill_ || held.first <= *refill_)) refill_ = held.first - 1;
    if (!refill_) return;
    for (auto& [stream, held] : held_) held.open = held.first > *refill_;
}

// All up to the frontier has been seen: streams that were taken whole are held no longer.
void Lane::end_refill() {
    std::erase_if(held_, [](const auto& each) { return each.second.open; });
    refill_.reset();
}

std::optional<Place> Lane::add(Entry entry) {
    ++size_;
    const std::size_t bytes = entry.bytes();
    bytes_ += bytes;
    all_bytes_->held += bytes;
    Place place = 0;
    const StreamId stream = entry.stream;
    if (free_.empty()) {
        place = static_cast<Place>(entries_.size());
        entries_.push_back(std::move(entry));
    } else {
        place = free_.back();
        free_.pop_back();
        entries_[place] = std::move(entry);
    }
    const auto [found, is_new] = streams_.try_emplace(stream, Stream{place, place, 0});
    ++found->second.count;
    if (is_new) return place;
    entries_[found->second.last].next = place;
    found->second.last = place;
    return std::nullopt;
}

std::optional<Place> Lane::remove(Place place) {
    Entry& ended = entries_[place];
    const std::optional<Place> next = ended.next;
    const auto stream = streams_.find(ended.stream);
    if (next) {
        stream->second.first = *next;
        --stream->second.count;
    } else {
        drained_ = drained_ || held_.contains(ended.stream);
        streams_.erase(stream);
    }
    const std::size_t bytes = ended.bytes();
    bytes_ -= bytes;
    all_bytes_->held -= bytes;
    ended = Entry{};
    free_.push_back(place);
    --size_;
    stuck_ = false;
    return next;
}

Entry* Lane::find(Place place, DeliveryId id) {
    if (place >= entries_.size() || entries_[place].id != id) return nullptr;
    return &entries_[place];
}

std::optional<Place> Lane::next_to_leave(std::size_t concurrency) const {
    if (sending() >= concurrency) return std::nullopt;
    const std::size_t kept = concurrency < 4 ? 0 : std::max<std::size_t>(1, concurrency / 8);
    const bool first = !firsts_.empty() && sending_firsts_ < concurrency - kept;
    const bool retry = !retries_.empty() && sending_retries_ < concurrency - kept;
    if (retry && (!first || !retry_left_last_)) return retries_.front();
    if (first) return firsts_.front();
    return std::nullopt;
}

std::optional<Place> Lane::any_sendable() const {
    if (!firsts_.empty()) return firsts_.front();
    if (!retries_.empty()) return retries_.front();
    return std::nullopt;
}

void Lane::take(Place place) {
    auto& queue = entries_[place].attempts == 0 ? firsts_ : retries_;
    queue.pop_front();
}

void Lane::sends(Place place) {
    Entry& entry = entries_[place];
    entry.state = Entry::State::sending;
    entry.is_retry = entry.attempts != 0;
    retry_left_last_ = entry.is_retry;
    ++(entry.is_retry ? sending_retries_ : sending_firsts_);
}

void Lane::sent(Place place) {
    Entry& entry = entries_[place];
    --(entry.is_retry ? sending_retries_ : sending_firsts_);
}

}  // namespace switchhook::delivery
