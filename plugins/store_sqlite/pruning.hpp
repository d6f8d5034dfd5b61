// Pruning: forgets delivered events, oldest first, in small steps. Dead letters stay; waiting ones are looked at again.
// Called within a transaction of Rows; keep() when it is durable, undo() when it is not. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "registry.hpp"
#include "rows.hpp"

namespace switchhook::store_sqlite {

class Pruning final {
public:
    explicit Pruning(std::int64_t keep_ms) : keep_ms_(keep_ms) {}

    // These events, passed before, are to be looked at again: what kept them has changed.
    void watch(std::vector<RowId> events);
    // Looks at no more than `limit` events; with `for_space` also at young ones. Answers how many it removed.
    std::size_t step(Rows& rows, const Registry& registry, std::int64_t now_ms, bool for_space, std::size_t limit);
    void keep();
    void undo();

    void event_added(std::int64_t now_ms);
    void clock_went_back() { next_ms_ = 0; }
    // When the next event becomes old; unset: no event is left to look at.
    std::optional<std::int64_t> next_ms() const { return next_ms_; }
    // Whether the latest step stopped because of its limit.
    bool more() const { return more_; }
    // Whether old events were passed over because something of theirs waits.
    bool passed_over() const { return !waiting_.empty(); }

private:
    enum class Look : std::uint8_t { removed = 1, waits, stays };
    Look look(Rows& rows, const Registry& registry, const StoredEvent& event, std::int64_t now_ms, bool for_space);
    bool old(std::int64_t at_ms, std::int64_t now_ms) const;

    std::int64_t keep_ms_;
    RowId after_ = 0;             // events up to here were looked at
    std::vector<RowId> waiting_;  // of those, ascending: had a delivery that waits, or were parked
    RowId turn_ = 0;              // the latest of them that was looked at again
    std::optional<std::int64_t> next_ms_ = 0;
    bool more_ = false;

    // What the transaction would make of them.
    RowId new_after_ = 0;
    std::optional<std::int64_t> new_next_ms_;
    std::vector<RowId> blocked_;
    std::vector<RowId> unblocked_;
};

}  // namespace switchhook::store_sqlite
