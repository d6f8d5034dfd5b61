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
#include <switchhook/delivery_log.hpp>
#include <switchhook/event.hpp>
#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

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
    std::uint64_t waiting = 0;  // at least so many: a store need not count beyond 256
};

struct Maintained {
    std::uint64_t parked_dropped = 0;      // parked events whose time ran out: unmatched now
    std::uint64_t pruned = 0;              // delivered events forgotten
    std::uint64_t dead_dropped = 0;        // dead letters over the bounds of their number or age
    std::vector<WaitingDelivery> ready{};  // requeued by a job: for their lanes, as Committed::ready
    std::int64_t next_ms = 0;              // when it wants to be called again (Unix ms); 0: when something is committed
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

// A hook whose deliveries wait until somebody resumes it.
struct Paused {
    HookId hook = 0;
    std::int64_t since_ms = 0;  // Unix milliseconds
    std::string reason;
};

// Which events a hook asked for (Hook::events or its dialect's default). A hook that is gone wants everything: its
// delivery then becomes a dead letter that can be seen.
class HookFilter {
public:
    virtual ~HookFilter() = default;
    virtual bool wants(HookId hook, std::string_view event_name) const = 0;
};

// All calls come from one thread, core's committer, except those of the last group. Settings every outbox understands
// come from the delivery block of the configuration: park, park_events, keep, keep_bytes, dead_letters, dead_keep (see
// the store's declaration).
class Outbox : public Component {
public:
    // `now_ms`: Unix milliseconds, may jump. A Status means that nothing of the group became durable and the store is
    // as before; Disposition::full on appends leaves the settled part of the group durable. While there is no room a
    // store may leave attempts out of the log.
    // After start a store may still read what new events are decided by (rooms, ids), so that what waits since an
    // earlier run does not wait for it: claims, settled attempts alone, pauses, marks and reads are served at once, and
    // every other call waits for it. Only a commit of nothing does not wait: it is refused with `unavailable`, while
    // health is well, until all is read.
    virtual Result<Committed> commit(std::span<const Append> appends, std::span<const Settled> settled,
                                     const HookFilter& filter, std::int64_t now_ms) = 0;
    virtual Result<Claimed> claim(const Claim& claim) = 0;
    // Hooks with waiting deliveries, after start.
    virtual Result<std::vector<Backlog>> backlog() = 0;
    // Small steps of housekeeping: drops parked events whose time ran out, prunes delivered ones, drops dead letters
    // over their bounds, moves requeue jobs on, checkpoints.
    virtual Result<Maintained> maintain(std::int64_t now_ms) = 0;
    // 0: never set. mark() may come before the committer's first call, from the thread that called start. set_mark is
    // durable on return.
    virtual Result<std::int64_t> mark(Mark mark) = 0;
    virtual Status set_mark(Mark mark, std::int64_t value) = 0;

    virtual Result<std::vector<Paused>> paused() = 0;  // at start
    // Durable on return. A second pause replaces the first; resuming what is not paused is well.
    virtual Status pause(const Paused& paused) = 0;
    virtual Status resume(HookId hook) = 0;

    // Sends the event of a delivery that has ended once more: durable on return, as a new delivery with a new id, the
    // same event id and fresh attempts and age; the old one becomes `requeued`. It stands behind everything that waits
    // in its stream now and before everything appended later. So the order among deliveries that never left is kept,
    // and what is requeued oldest first stays in order among itself; against what has ended meanwhile there is none.
    // not_found: unknown, or out of scope. conflict: it waits, or was requeued before. full: no room now.
    virtual Result<WaitingDelivery> requeue(DeliveryId id, const TenantScope& scope, std::int64_t now_ms) = 0;
    // A job that requeues what the filter finds, in steps of maintain. Without a state it means dead letters. invalid:
    // the state is neither dead nor delivered; conflict: a job with the same filter.tenant is running; full: too many.
    virtual Result<RequeueJob> begin_requeue(const LogFilter& filter, std::int64_t now_ms) = 0;
    // What was requeued stays so. A job that has ended stays as it is. Answers what it came to, or not_found.
    virtual Result<RequeueJob> cancel_requeue(JobId id, const TenantScope& scope, std::int64_t now_ms) = 0;

    // Any thread; these never wait for a commit under way nor hold one up. What was committed before the call shows.
    virtual Result<LogPage> list(const LogQuery& query) = 0;
    virtual Result<DeliveryDetail> look_up(DeliveryId id, const TenantScope& scope) = 0;  // or not_found
    virtual Result<RequeueJob> requeue_job(JobId id, const TenantScope& scope) = 0;       // or not_found
    // Writes a consistent copy of everything to a new file (0640), durable on return; commits go on meanwhile.
    // conflict: there is a file of that name. unavailable: given up because the disk became full or the store stops.
    virtual Status back_up(const std::string& path) = 0;
    virtual OutboxFigures figures() const = 0;  // never blocks on I/O
};

}  // namespace abi1
}  // namespace switchhook
