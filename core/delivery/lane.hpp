// A lane's window: the deliveries of one hook that are in memory, each behind the earlier ones of its stream.
// Plain data without I/O or time of its own; the engine moves it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/delivery/ledger.hpp"

namespace switchhook::delivery {

// A place in the window; stays the same while its delivery is in it.
using Place = std::uint32_t;

struct Entry {
    enum class State : std::uint8_t {
        queued = 1,  // behind another of its stream, waiting for its time, or for a free sender
        sending,
        settling,  // ended; its stream goes on when that is durable
    };

    DeliveryId id = 0;
    StreamId stream = 0;
    std::shared_ptr<const livekit::ReadEvent> event;
    TimePoint appended;
    TimePoint due;
    std::uint32_t attempts = 0;  // made so far
    std::uint64_t fence = 0;
    State state = State::queued;
    std::optional<Place> next{};  // of the same stream
};

// The window holds every waiting delivery of the hook up to `cursor`. While the lane is behind there are, or may be,
// further ones in the outbox; what is then appended stays there too, until the lane has claimed its way to the end.
class Lane {
public:
    Lane(HookId hook, std::size_t window) : hook_(hook), window_(window) {}

    HookId hook() const { return hook_; }
    std::size_t size() const { return size_; }
    std::size_t room() const { return window_ > size_ ? window_ - size_ : 0; }
    DeliveryId cursor() const { return cursor_; }

    bool behind() const { return behind_; }
    void set_behind() { behind_ = true; }
    // Everything up to `id` was looked at; nothing was behind it.
    void set_caught_up() { behind_ = false; }
    void move_cursor(DeliveryId id) { cursor_ = id; }

    // Puts a delivery at the end of its stream. The place, when it is the first of its stream: it may leave when it is
    // due. Its id is larger than the cursor, which moves to it.
    std::optional<Place> add(Entry entry);
    // Takes an ended delivery out. The place of its stream's next one, which is now the first.
    std::optional<Place> remove(Place place);

    Entry& at(Place place) { return entries_[place]; }
    // The delivery of that id in that place, or nullptr.
    Entry* find(Place place, DeliveryId id);

    // Firsts of their streams whose time has come, in the order in which it came.
    std::deque<Place> sendable;
    std::size_t sending = 0;
    bool claiming = false;    // a claim is under way, or waits for its time
    bool touched = false;     // the engine will look at it at the end of this round
    std::string checked_url;  // see RequestWriter

private:
    struct Stream {
        Place first;
        Place last;
    };

    HookId hook_;
    std::size_t window_;
    std::size_t size_ = 0;
    DeliveryId cursor_ = 0;
    bool behind_ = false;
    std::vector<Entry> entries_;
    std::vector<Place> free_;
    std::unordered_map<StreamId, Stream> streams_;
};

}  // namespace switchhook::delivery
