// A lane's window: the deliveries of one hook that are in memory, each behind the earlier ones of its stream.
// Plain data without I/O or time of its own; the engine moves it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/delivery/breaker.hpp"
#include "core/delivery/ledger.hpp"
#include "core/delivery/token_bucket.hpp"

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
    bool probe = false;           // of the breaker, under way
    bool is_retry = false;        // under way: which kind of slot it took
    TimePoint sent{};             // the attempt under way
    std::int64_t sent_ms = 0;     // Unix milliseconds
    std::optional<Place> next{};  // of the same stream

    std::size_t bytes() const { return event ? event->event().body.size() : 0; }
};

// Bodies in the windows of all lanes. A lane takes no further event when it holds `of_a_lane`, or as much as half of
// what is left for all: one hook that hangs never fills the memory of the others, and a thousand that hang share it.
// Whatever the others hold, a lane takes events until it holds kOfEachLane, and one when it has none: so each goes on,
// also with one that waits for its retry.
struct WindowBytes {
    static constexpr std::size_t kOfALane = std::size_t{8} << 20U;  // concurrency 8 at events of 1 MiB
    static constexpr std::size_t kOfAllLanes = std::size_t{256} << 20U;
    // Some thirty of LiveKit's usual events. Beyond of_all the lanes hold at most so much each, and one event: 64 MiB
    // when a thousand more hooks hang.
    static constexpr std::size_t kOfEachLane = std::size_t{64} << 10U;
    // Events of unknown weight that a lane without any asks for when bytes are short: more are read to be thrown away.
    static constexpr std::size_t kWhenShort = 32;

    std::size_t of_a_lane = kOfALane;
    std::size_t of_all = kOfAllLanes;
    std::size_t held = 0;

    // A lane that holds less takes another event.
    std::size_t allowed() const {
        const std::size_t left = of_all > held ? of_all - held : 0;
        return std::max(kOfEachLane, std::min(of_a_lane, left / 2));
    }
};

// Which deliveries are in memory: at most `window` of them, and as many bytes as WindowBytes says.
//
// A stream may take half of the room that the others have left, at least one place: one room with a long queue behind
// its retry never fills the window. Later deliveries of it are left out, in the outbox, and the lane remembers from
// which id on (a stream that is `held`, at most as many as the window has places). Everything up to the `frontier` was
// looked at: it is in memory, has ended, or belongs to a held stream. When a held stream has nothing in memory any
// more, the lane goes back to it (the refill) and then on to the frontier. While the lane is behind there are, or may
// be, further deliveries in the outbox beyond the frontier; what is then appended stays there too, until the lane has
// claimed its way to the end. Only when each place of the window has another stream that cannot leave (a hook with that
// many rooms behind a retry is failing as a whole), or so many streams are held, does a new stream wait for them.
class Lane {
public:
    // `bytes` outlives the lane.
    Lane(HookId hook, std::size_t window, WindowBytes* bytes) : hook_(hook), window_(window), all_bytes_(bytes) {}

    HookId hook() const { return hook_; }
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return bytes_; }
    // How many more fit, judged by what those in memory weigh.
    std::size_t room() const;
    DeliveryId frontier() const { return frontier_; }
    bool behind() const { return behind_; }
    void set_behind() { behind_ = true; }
    // Something of this hook is, or may be, in the outbox and not in memory.
    bool leaves_out() const { return behind_ || !held_.empty(); }

    enum class Judged : std::uint8_t {
        known = 1,  // is, or was, in memory
        admitted,   // is to be added now
        left_out,   // stays in the outbox: its stream is held
        no_room,    // the lane has to stop here
    };
    // A delivery that the committer hands over. Its id is beyond the frontier, and the lane is not behind.
    Judged hand_over(DeliveryId id, StreamId stream);
    // A delivery of a claim, in the order of the ids.
    Judged walk(DeliveryId id, StreamId stream);
    // The claim was gone through. `to_the_end`: nothing of the outbox is behind it. `stopped`: at one without room.
    void walked(bool to_the_end, bool stopped);

    // Where the next claim begins, when there is something to be claimed that could be admitted.
    std::optional<DeliveryId> claim_after();
    // There is, and the bytes that other lanes hold are all that is in its way.
    bool lacks_bytes() const;

    // Puts a delivery at the end of its stream. The place, when it is the first of its stream: it may leave when it is
    // due.
    std::optional<Place> add(Entry entry);
    // Takes an ended delivery out. The place of its stream's next one, which is now the first.
    std::optional<Place> remove(Place place);

    Entry& at(Place place) { return entries_[place]; }
    // The delivery of that id in that place, or nullptr.
    Entry* find(Place place, DeliveryId id);

    // Its time has come, and it is the first of its stream.
    void set_sendable(Place place) { (entries_[place].attempts == 0 ? firsts_ : retries_).push_back(place); }
    std::size_t sendable() const { return firsts_.size() + retries_.size(); }
    std::size_t sending() const { return sending_firsts_ + sending_retries_; }
    // The next that may leave, in the order in which their times came. Of `concurrency` slots an eighth, at least one,
    // is for first attempts alone and as many for retries; of fewer than four none, but the kinds take turns. Nothing:
    // all its slots are taken.
    std::optional<Place> next_to_leave(std::size_t concurrency) const;
    // One that is sendable, whatever the slots; nothing: none is.
    std::optional<Place> any_sendable() const;
    // It is no longer sendable: it leaves, or ends without an attempt.
    void take(Place place);
    void sends(Place place);
    void sent(Place place);

    Breaker breaker;
    std::int64_t breaker_since_ms = 0;  // Unix milliseconds of its latest change
    TokenBucket bucket;
    std::optional<TimePoint> look_at;  // a timer will look at this lane then
    bool claiming = false;             // a claim is under way, or waits for its time
    bool waits_to_claim = false;       // until fewer lanes claim
    bool claims_next = false;          // it waited, and now it is its turn
    // It waits until other lanes hold less; its bytes when it began to.
    std::optional<std::size_t> waits_with_bytes;
    bool touched = false;     // the engine will look at it at the end of this round
    std::string checked_url;  // see RequestWriter

private:
    struct Stream {
        Place first;
        Place last;
        std::size_t count;
    };
    struct Held {
        DeliveryId first;   // nothing of the stream from there on is in memory
        bool open = false;  // the refill under way has seen all of it so far, and may take more
    };

    bool fits(StreamId stream) const;
    bool hold(DeliveryId id, StreamId stream);
    void begin_refill();
    void end_refill();

    HookId hook_;
    std::size_t window_;
    WindowBytes* all_bytes_;
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
    DeliveryId frontier_ = 0;
    bool behind_ = false;
    bool stuck_ = false;                // as many streams are held as may be, until something is removed
    bool drained_ = false;              // a held stream may have nothing in memory
    std::optional<DeliveryId> refill_;  // looked at by the refill under way
    std::vector<Entry> entries_;
    std::vector<Place> free_;
    std::unordered_map<StreamId, Stream> streams_;
    std::unordered_map<StreamId, Held> held_;

    std::deque<Place> firsts_;
    std::deque<Place> retries_;
    std::size_t sending_firsts_ = 0;
    std::size_t sending_retries_ = 0;
    bool retry_left_last_ = false;
};

}  // namespace switchhook::delivery
