#include "core/delivery/lane.hpp"

#include <utility>

namespace switchhook::delivery {

std::optional<Place> Lane::add(Entry entry) {
    cursor_ = entry.id;
    ++size_;
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
    const auto [found, is_new] = streams_.try_emplace(stream, Stream{place, place});
    if (is_new) return place;
    entries_[found->second.last].next = place;
    found->second.last = place;
    return std::nullopt;
}

std::optional<Place> Lane::remove(Place place) {
    Entry& ended = entries_[place];
    const std::optional<Place> next = ended.next;
    const auto stream = streams_.find(ended.stream);
    if (next)
        stream->second.first = *next;
    else
        streams_.erase(stream);
    ended = Entry{};
    free_.push_back(place);
    --size_;
    return next;
}

Entry* Lane::find(Place place, DeliveryId id) {
    if (place >= entries_.size() || entries_[place].id != id) return nullptr;
    return &entries_[place];
}

}  // namespace switchhook::delivery
