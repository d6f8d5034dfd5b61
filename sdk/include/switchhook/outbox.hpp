// Outbox: the durable set of events and their deliveries, together with the registry of calls.
//
// One commit is one durable group: duplicate check, registry, parking, resolution, new deliveries and settled attempts
// become durable together or not at all. The rules of the registry (which tenant an event belongs to) are in
// ARCHITECTURE.md, "Streams and calls"; the contract suite in sdk/testkit checks them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/event.hpp>
#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

using DeliveryId = std::uint64_t;  // grows in the order of acknowledgement; zero is never an id
using StreamId = std::uint64_t;    // a room; deliveries of one stream and hook leave strictly in the order of their ids

// A hook that an event was matched with, and whose it is.
struct Match {
    HookId hook = 0;
    std::string_view tenant;  // Hook::auth_id
};

struct Append {
    const Event* event = nullptr;    // alive until commit returns
    std::span<const Match> matches;  // what the matchers found; only meaningful for an event with a call_id()
    bool may_park = false;           // the room's name begins with the room prefix: unknown calls are waited for
};

enum class Disposition : std::uint8_t {
    stored = 1,  // durable, and its deliveries (one for each hook that wants it) are waiting
    parked,      // durable; its call is not known yet
    duplicate,   // an event with that id is durable already
    unmatched,   // belongs to no hook; remembered as seen, nothing else
    full,        // not accepted: out of space or over a limit; the sender is to try again
};

struct Appended {
    Disposition disposition = Disposition::full;
    bool tenant_conflict = false;            // a leg of another tenant than the room's: a security event
    HookId room_hook = 0;                    // stored: the first hook of the room itself, whose tenant owns it; 0: none
    std::uint32_t dropped_from_parking = 0;  // events that were parked for this call and turned out unmatched
};

// A delivery that waits. `source` says where its event is: an index into the appends of the same commit, so that it is
// handed to its lane from memory, or kStored, and then event_id and body are filled in from the store.
struct WaitingDelivery {
    static constexpr std::size_t kStored = std::numeric_limits<std::size_t>::max();

    DeliveryId id = 0;
    HookId hook = 0;
    StreamId stream = 0;
    std::int64_t appended_ms = 0;  // Unix milliseconds of the commit that acknowledged the event
    std::uint32_t attempts = 0;    // made so far
    std::int64_t due_ms = 0;       // not before; 0: at once
    std::size_t source = kStored;
    std::string event_id;
    std::string body;
};

enum class DeliveryState : std::uint8_t { waiting = 1, delivered, dead };

// One try of a delivery, as the log of deliveries keeps it. Views live for the call.
struct Attempt {
    std::int64_t at_ms = 0;          // Unix milliseconds of its begin
    std::uint32_t resolved_us = 0;   // since its begin, of each phase that ended: name resolved, connected, TLS ready,
    std::uint32_t connected_us = 0;  // head of the answer complete, end; 0: not reached, or not needed
    std::uint32_t secured_us = 0;
    std::uint32_t answered_us = 0;
    std::uint32_t took_us = 0;
    int status = 0;            // HTTP status of a complete head; 0 without one
    std::string_view code;     // stable outcome code, as in AttemptResult
    std::string_view address;  // that was connected to
    std::string_view answer;   // first bytes of the answer's body; any bytes
};

// What became of an attempt.
struct Settled {
    DeliveryId id = 0;
    DeliveryState state = DeliveryState::waiting;
    std::uint32_t attempts = 0;
    std::int64_t due_ms = 0;           // waiting: the next attempt
    std::string_view code;             // stable outcome code, "status_503", "connect_refused", "hook_removed", ...
    std::uint64_t fence = 0;           // of the claim; a store with leases refuses an outdated one
    const Attempt* attempt = nullptr;  // null: it ended without one (hook_removed)
};

struct Committed {
    std::vector<Appended> appended;  // one for each Append, in order
    std::vector<WaitingDelivery>
        ready;  // new deliveries of this commit in the order of their ids, released ones included
};

// Several instances on one store divide the work by leases; a store of one machine ignores them.
struct Lease {
    std::string_view holder;    // this instance
    std::int64_t until_ms = 0;  // Unix milliseconds
};

struct Claim {
    HookId hook = 0;
    DeliveryId after = 0;  // only deliveries with a larger id
    std::size_t limit = 0;
    Lease lease;
};

struct Claimed {
    std::vector<WaitingDelivery> deliveries;  // waiting ones of that hook, ids ascending, source = kStored
    bool more = false;                        // there are further ones behind the last
    std::uint64_t fence = 0;
};

struct Backlog {
    HookId hook = 0;
    std::uint64_t waiting = 0;
};

// A hook that is sent nothing until somebody resumes it. Its deliveries wait.
struct Paused {
    HookId hook = 0;
    std::int64_t since_ms = 0;
    std::string reason;
};

struct Maintained {
    std::uint64_t parked_dropped = 0;  // parked events whose time ran out: unmatched now
    std::uint64_t pruned = 0;          // delivered events forgotten
    std::int64_t next_ms = 0;          // when it wants to be called again (Unix ms); 0: when something is committed
};

struct OutboxFigures {
    std::uint64_t waiting = 0;   // deliveries
    std::uint64_t dead = 0;      // dead letters
    std::uint64_t parked = 0;    // events
    std::int64_t oldest_ms = 0;  // append time of the oldest waiting delivery, Unix ms; 0: none
    std::uint64_t bytes = 0;     // on disk
};

// Numbers that core wants to find again after a restart.
enum class Mark : std::uint8_t {
    provisioned = 1,  // Unix milliseconds when LiveKit was first brought to the wanted state
};

// Which events a hook asked for (Hook::events or its dialect's default). A hook that is gone wants everything: its
// delivery then becomes a dead letter that can be seen.
class HookFilter {
public:
    virtual ~HookFilter() = default;
    virtual bool wants(HookId hook, std::string_view event_name) const = 0;
};

// All calls but health() and figures() come from one thread, core's committer. Settings every outbox understands come
// from the delivery block of the configuration: park, keep, keep_bytes (see the store's declaration).
class Outbox : public Component {
public:
    // `now_ms`: Unix milliseconds, may jump. A Status means that nothing of the group became durable and the store is
    // as before; Disposition::full on appends leaves the settled part of the group durable.
    virtual Result<Committed> commit(std::span<const Append> appends, std::span<const Settled> settled,
                                     const HookFilter& filter, std::int64_t now_ms) = 0;
    virtual Result<Claimed> claim(const Claim& claim) = 0;
    // Hooks with waiting deliveries, after start.
    virtual Result<std::vector<Backlog>> backlog() = 0;
    virtual Result<std::vector<Paused>> paused() = 0;  // at start
    virtual Status pause(const Paused& paused) = 0;    // durable on return
    virtual Status resume(HookId hook) = 0;
    // Small steps of housekeeping: drops parked events whose time ran out, prunes delivered ones, checkpoints.
    virtual Result<Maintained> maintain(std::int64_t now_ms) = 0;
    // 0: never set. set_mark is durable on return.
    virtual Result<std::int64_t> mark(Mark mark) = 0;
    virtual Status set_mark(Mark mark, std::int64_t value) = 0;
    // Any thread, never blocks on I/O.
    virtual OutboxFigures figures() const = 0;
};

}  // namespace abi1
}  // namespace switchhook
