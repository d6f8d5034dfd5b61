// Connections in the order in which they become due. All entries of a list wait equally long, so that a new one is
// always the last: every operation takes constant time, and no heap and no timer are needed.
#pragma once

#include <chrono>

namespace switchhook::http {

using TimePoint = std::chrono::steady_clock::time_point;

class SocketConnection;

// An entry; a member of the connection that it stands for. Not in a list while due is unused.
struct DeadlineEntry {
    explicit DeadlineEntry(SocketConnection* of) : connection(of) {}
    DeadlineEntry(const DeadlineEntry&) = delete;
    DeadlineEntry& operator=(const DeadlineEntry&) = delete;

    bool linked() const noexcept { return next != nullptr; }
    void unlink() noexcept {
        if (!linked()) return;
        previous->next = next;
        next->previous = previous;
        previous = next = nullptr;
    }

    SocketConnection* connection;
    DeadlineEntry* previous = nullptr;
    DeadlineEntry* next = nullptr;
    TimePoint due{};
};

// One thread. Entries unlink themselves; the list must outlive them.
class DeadlineList final {
public:
    DeadlineList() { ring_.previous = ring_.next = &ring_; }

    bool empty() const noexcept { return ring_.next == &ring_; }
    // The entry that is due first; nullptr when empty.
    DeadlineEntry* front() const noexcept { return empty() ? nullptr : ring_.next; }
    // `visit` must not change the list.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const DeadlineEntry* entry = ring_.next; entry != &ring_; entry = entry->next) visit(*entry->connection);
    }
    // Links the entry as the last, from wherever it stood. `due` is not before that of the others.
    void push_back(DeadlineEntry& entry, TimePoint due) noexcept {
        entry.unlink();
        entry.due = due;
        entry.previous = ring_.previous;
        entry.next = &ring_;
        ring_.previous->next = &entry;
        ring_.previous = &entry;
    }

private:
    DeadlineEntry ring_{nullptr};
};

}  // namespace switchhook::http
