// Registry: which rooms, calls and participants there are, and to which hooks an event belongs. The rules are those of
// ARCHITECTURE.md, "Streams and calls", 2 to 9; duplicates, wishes of hooks and delivery ids are the outbox's.
//
// No SQL and no I/O: begin(), then decide() or expire(), then write changes() down, then keep() when that is durable or
// undo() when it is not: undo leaves the registry as it was at begin(). One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <switchhook/outbox.hpp>

namespace switchhook::store_sqlite {

struct Target {
    HookId hook = 0;
    std::string tenant;
    friend bool operator==(const Target&, const Target&) = default;
};
using Targets = std::shared_ptr<const std::vector<Target>>;  // null: none

using RowId = std::int64_t;

enum class RoomState : std::uint8_t { unknown = 1, unmatched, matched };

struct RoomHead {
    RoomState state = RoomState::unknown;
    Targets targets;               // of the room; null unless matched
    std::int64_t last_ms = 0;      // latest event
    std::int64_t written_ms = 0;   // last_ms as it was written down
    std::int64_t finished_ms = 0;  // first room_finished; 0: none
};

struct ParkedEvent {
    RowId seq = 0;
    std::int64_t at_ms = 0;
    std::string name;
};

struct Call {
    RowId row = 0;
    Targets targets;      // null: unmatched
    std::string_view id;  // sip.callID: the key under which its room has it
};

struct Participant {
    RowId row = 0;
    const Call* call = nullptr;
};

struct Room {
    RowId row = 0;  // grows with age: the youngest of a name has the largest
    std::string name;
    std::string sid;
    RoomHead head;
    std::map<std::string, Call, std::less<>> calls;                // by sip.callID
    std::map<std::string, Participant, std::less<>> participants;  // by sid
    std::deque<ParkedEvent> parked;
    const Call* first = nullptr;   // of its calls that have targets; room events without a participant count as its
    std::uint64_t saved_in = 0;    // the group that has saved its head
    std::uint64_t changed_in = 0;  // the group that writes it down
};

StreamId stream_of(std::string_view room_name);

struct Verdict {
    Disposition disposition = Disposition::unmatched;  // stored, parked, unmatched or full
    bool tenant_conflict = false;
    Targets targets;       // stored: whose it is; also those of `released`
    HookId room_hook = 0;  // the first hook of the room itself; 0: it has none
    std::string_view
        call;        // sip.callID of the call it belongs to, also for `released`; empty: none. Until keep or undo
    RowId room = 0;  // 0: none
    StreamId stream = 0;
    std::vector<ParkedEvent> released;  // leave before the event, in this order
    std::vector<ParkedEvent> dropped;   // were parked for this room: unmatched now
};

class Registry final {
public:
    struct Limits {
        std::int64_t park_ms = 30'000;                  // after the room finished
        std::int64_t park_longest_ms = 10 * 60 * 1000;  // after the event arrived
        std::size_t park_events = 100'000;
        std::int64_t finished_ms = 60 * 60 * 1000;     // a finished room is remembered after its last event
        std::int64_t silent_ms = 24 * 60 * 60 * 1000;  // any other room
        std::size_t rooms = 1'000'000;
    };
    // A room's last event is written down only when it moved by this much; a restart remembers rooms longer by as much.
    static constexpr std::int64_t kLastSlackMs = 60'000;

    explicit Registry(const Limits& limits) : limits_(limits) {}

    void begin();
    // `seq` names the event in its store. Precondition: begin().
    Verdict decide(const Append& append, RowId seq, std::int64_t now_ms);
    // The oldest parked events above the limit of their number, taken away.
    std::vector<ParkedEvent> overflow();
    // Drops parked events whose time ran out and forgets rooms; at most `steps` rooms are looked at.
    std::vector<ParkedEvent> expire(std::int64_t now_ms, std::size_t steps);

    // What a store has to write down for this group.
    struct Changes {
        std::vector<Room*> rooms;  // new or changed
        std::vector<std::pair<const Room*, std::map<std::string, Call, std::less<>>::const_iterator>> calls;  // new
        std::vector<std::pair<const Room*, std::map<std::string, Participant, std::less<>>::const_iterator>>
            participants;                    // new or with another call
        std::vector<const Room*> forgotten;  // with all their calls and participants
    };
    const Changes& changes() const { return changes_; }
    void keep();
    void undo();

    // Rebuilding at start, rooms before the rest, each in ascending order of its row.
    void restore_room(RowId row, std::string name, std::string sid, RoomHead head);
    void restore_call(RowId row, RowId room, std::string call_id, Targets targets);
    void restore_participant(RowId row, RowId room, std::string sid, RowId call);
    void restore_parked(RowId room, ParkedEvent event);

    // The clock went back: nothing happened in the future. Not within a group.
    void not_later_than(std::int64_t now_ms);

    std::size_t rooms() const { return rooms_.size(); }
    std::size_t parked() const { return parked_.size(); }
    bool is_parked(RowId seq) const { return parked_.contains(seq); }
    // When expire() has something to do. Not within a group.
    std::optional<std::int64_t> next_due_ms();

private:
    struct KnownCall {
        Targets targets;
        std::uint32_t rooms = 0;  // that have seen it
    };
    // What undo() needs, in the order in which it happened.
    struct RoomAdded {
        Room* room;
    };
    struct HeadSaved {
        Room* room;
        RoomHead head;
    };
    struct CallAdded {
        Room* room;
        std::string call_id;
    };
    struct Linked {
        Room* room;
        std::string sid;
        const Call* before;
    };  // null: was not linked
    struct Parked {
        Room* room;
    };
    struct Unparked {
        Room* room;
        std::deque<ParkedEvent> events;
    };  // from the front
    struct Forgotten {
        std::unique_ptr<Room> room;
    };
    using Step = std::variant<RoomAdded, HeadSaved, CallAdded, Linked, Parked, Unparked, Forgotten>;
    struct Due {
        std::int64_t at_ms;
        RowId room;
        bool operator>(const Due& other) const { return at_ms > other.at_ms; }
    };

    Room* find(std::string_view name, std::string_view sid);
    Room& add_room(const Event& event);
    RoomHead& change(Room& room);  // saves the head once a group
    void write_down(Room& room);
    Call& see_call(Room& room, const Append& append, std::string_view call_id, Verdict& verdict);
    void link(Room& room, std::string_view participant_sid, const Call& call);
    void park(Room& room, RowId seq, std::string_view event_name, std::int64_t now_ms);
    std::deque<ParkedEvent> unpark(Room& room, std::size_t count);
    void index(Room& room);
    void unindex(const Room& room);
    void forget(Room& room);
    std::int64_t forget_at(const Room& room) const;
    std::int64_t drop_at(const Room& room, const ParkedEvent& event) const;
    std::int64_t due_at(const Room& room) const;
    void visit(Room& room, std::int64_t now_ms, std::vector<ParkedEvent>& dropped);
    void undo_step(Step& step);

    Limits limits_;
    std::unordered_map<RowId, std::unique_ptr<Room>> rooms_;
    std::unordered_map<std::string, std::vector<Room*>> names_;  // of one name, oldest first
    std::unordered_map<std::string, KnownCall> calls_;           // by sip.callID, over all rooms
    std::map<RowId, Room*> parked_;                              // by event, oldest first
    // When to look at a room. Never later than what is due there; entries that are outdated cost one look.
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    RowId next_row_ = 1;  // of rooms, calls and participants
    std::uint64_t group_ = 0;
    std::vector<Step> journal_;
    std::vector<Due> looked_at_;  // by expire() in this group
    Changes changes_;
};

}  // namespace switchhook::store_sqlite
