// Waiting: which deliveries wait, in the order of their ids: 8 bytes for each. One thread. Those of one hook are found
// by the index of the table.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <switchhook/outbox.hpp>

namespace switchhook::store_sqlite {

// Ids arrive ascending and leave from anywhere, mostly from the front: a deque in which leavers are marked and swept
// when they are many. No allocation for each.
class Waiting final {
public:
    // Ids ascend from call to call.
    void add(DeliveryId id) { items_.emplace_back(id); }

    bool contains(DeliveryId id) const {
        const auto found = at_or_after(id);
        return found != items_.end() && found->id() == id && !found->gone();
    }

    void remove(DeliveryId id) {
        const auto found = at_or_after(id);
        if (found == items_.end() || found->id() != id || found->gone()) return;
        items_[static_cast<std::size_t>(found - items_.begin())].leave();
        ++gone_;
        while (!items_.empty() && items_.front().gone()) {
            items_.pop_front();
            --gone_;
        }
        if (gone_ > 1024 && gone_ > items_.size() / 2) {
            std::erase_if(items_, [](const Place& each) { return each.gone(); });
            gone_ = 0;
        }
    }

    // At most limit ids before `before`, descending.
    std::vector<DeliveryId> newest(DeliveryId before, std::size_t limit) const {
        std::vector<DeliveryId> ids;
        for (auto item = at_or_after(before); item != items_.begin() && ids.size() < limit;)
            if (--item; !item->gone()) ids.push_back(item->id());
        return ids;
    }

    // Calls visit for each that waits behind `after`.
    template <typename Visit>
    void each_after(DeliveryId after, Visit visit) const {
        for (auto item = at_or_after(after + 1); item != items_.end(); ++item)
            if (!item->gone()) visit(item->id());
    }

    std::size_t size() const { return items_.size() - gone_; }
    DeliveryId oldest() const { return items_.empty() ? 0 : items_.front().id(); }  // 0: none waits

private:
    // A delivery's id and whether it has left, in eight bytes.
    class Place final {
    public:
        explicit Place(DeliveryId id) : word_(id << 1U) {}
        DeliveryId id() const { return word_ >> 1U; }
        bool gone() const { return (word_ & 1U) != 0; }
        void leave() { word_ |= 1U; }

    private:
        std::uint64_t word_;
    };

    std::deque<Place>::const_iterator at_or_after(DeliveryId id) const {
        return std::lower_bound(items_.begin(), items_.end(), id,
                                [](const Place& item, DeliveryId key) { return item.id() < key; });
    }

    std::deque<Place> items_;
    std::size_t gone_ = 0;
};

}  // namespace switchhook::store_sqlite
