// Waiting: which deliveries wait, in the order of their ids, for each hook and together: 32 bytes for each. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include <switchhook/outbox.hpp>

namespace switchhook::store_sqlite {

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

// Items that arrive with ascending ids and leave from anywhere, mostly from the front: a deque in which leavers are
// marked and swept when they are many. No allocation for each. An Item has a Place `place`.
template <typename Item>
class Ascending final {
public:
    void add(Item item) { items_.push_back(item); }

    const Item* find(DeliveryId id) const {
        const auto found = at_or_after(id);
        return found != items_.end() && found->place.id() == id && !found->place.gone() ? &*found : nullptr;
    }

    void remove(DeliveryId id) {
        const auto found = at_or_after(id);
        if (found == items_.end() || found->place.id() != id || found->place.gone()) return;
        items_[static_cast<std::size_t>(found - items_.begin())].place.leave();
        ++gone_;
        while (!items_.empty() && items_.front().place.gone()) {
            items_.pop_front();
            --gone_;
        }
        if (gone_ > 1024 && gone_ > items_.size() / 2) {
            std::erase_if(items_, [](const Item& each) { return each.place.gone(); });
            gone_ = 0;
        }
    }

    // Calls visit for each that waits behind `after`, until it answers false.
    template <typename Visit>
    void each_after(DeliveryId after, Visit visit) const {
        for (auto item = at_or_after(after + 1); item != items_.end(); ++item)
            if (!item->place.gone() && !visit(*item)) return;
    }
    // The same backwards, for each that waits before `before`.
    template <typename Visit>
    void each_before(DeliveryId before, Visit visit) const {
        for (auto item = at_or_after(before); item != items_.begin();)
            if (--item; !item->place.gone() && !visit(*item)) return;
    }

    std::size_t size() const { return items_.size() - gone_; }
    const Item* front() const { return items_.empty() ? nullptr : &items_.front(); }

private:
    auto at_or_after(DeliveryId id) const {
        return std::lower_bound(items_.begin(), items_.end(), id,
                                [](const Item& item, DeliveryId key) { return item.place.id() < key; });
    }

    std::deque<Item> items_;
    std::size_t gone_ = 0;
};

class Waiting final {
public:
    struct Item {
        Place place;
        HookId hook;
        std::int64_t appended_ms;
    };

    // Ids ascend from call to call.
    void add(DeliveryId id, HookId hook, std::int64_t appended_ms) {
        all_.add({Place(id), hook, appended_ms});
        hooks_[hook].add({Place(id)});
    }

    bool contains(DeliveryId id) const { return all_.find(id) != nullptr; }

    void remove(DeliveryId id) {
        const Item* item = all_.find(id);
        if (item == nullptr) return;
        const auto hook = hooks_.find(item->hook);
        hook->second.remove(id);
        if (hook->second.size() == 0) hooks_.erase(hook);
        all_.remove(id);
    }

    // At most limit ids of that hook behind `after`, ascending.
    std::vector<DeliveryId> of(HookId hook, DeliveryId after, std::size_t limit) const {
        std::vector<DeliveryId> ids;
        const auto found = hooks_.find(hook);
        if (found == hooks_.end() || limit == 0) return ids;
        found->second.each_after(after, [&](const Short& item) {
            ids.push_back(item.place.id());
            return ids.size() < limit;
        });
        return ids;
    }

    // At most limit ids before `before`, descending; of that hook, or, with 0, of all.
    std::vector<DeliveryId> newest(HookId hook, DeliveryId before, std::size_t limit) const {
        std::vector<DeliveryId> ids;
        const auto take = [&](const auto& item) {
            ids.push_back(item.place.id());
            return ids.size() < limit;
        };
        const auto found = hooks_.find(hook);
        if (hook == 0)
            all_.each_before(before, take);
        else if (found != hooks_.end())
            found->second.each_before(before, take);
        return ids;
    }

    std::vector<Backlog> backlog() const {
        std::vector<Backlog> all;
        for (const auto& [hook, items] : hooks_) all.push_back({hook, items.size()});
        return all;
    }

    std::size_t size() const { return all_.size(); }
    const Item* oldest() const { return all_.front(); }
    template <typename Visit>
    void each_after(DeliveryId after, Visit visit) const {
        all_.each_after(after, visit);
    }

private:
    struct Short {
        Place place;
    };

    Ascending<Item> all_;
    std::unordered_map<HookId, Ascending<Short>> hooks_;
};

}  // namespace switchhook::store_sqlite
