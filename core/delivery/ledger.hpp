// The two sides between committer and engine: what the engine asks to be made durable, and what it is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <switchhook/outbox.hpp>

#include "core/livekit/reader.hpp"

namespace switchhook::delivery {

using TimePoint = std::chrono::steady_clock::time_point;

// What the log of deliveries keeps of an attempt, with its own text (switchhook::Attempt only has views). At most
// kAnswer bytes of the answer.
struct AttemptRecord {
    static constexpr std::size_t kAnswer = 1'024;

    std::int64_t at_ms = 0;
    std::uint32_t resolved_us = 0;
    std::uint32_t connected_us = 0;
    std::uint32_t secured_us = 0;
    std::uint32_t answered_us = 0;
    std::uint32_t took_us = 0;
    int status = 0;
    std::string code;
    std::string address;
    std::string answer;
};

// What became of an attempt, with its own text (Settled only has a view).
struct Settlement {
    HookId hook = 0;
    DeliveryId id = 0;
    std::uint32_t place = 0;  // of the delivery in its lane's window: comes back with the acknowledgement
    DeliveryState state = DeliveryState::waiting;
    std::uint32_t attempts = 0;
    std::int64_t due_ms = 0;
    std::uint64_t fence = 0;
    std::string code;
    std::optional<AttemptRecord> attempt{};  // none: it ended without one
};

// A delivery for its lane. With an event it was handed over from memory; without one, delivery.event_id and
// delivery.body are what the store kept.
struct Ready {
    WaitingDelivery delivery;
    std::shared_ptr<const livekit::ReadEvent> event;
    TimePoint appended{};  // when the commit ended; only with an event
};

// The committer, as the engine sees it. Any thread, never blocks. Settlements become durable in the order given.
class Ledger {
public:
    virtual ~Ledger() = default;
    virtual void settle(std::vector<Settlement> settlements) = 0;
    // Answered by Sink::claimed.
    virtual void claim(HookId hook, DeliveryId after, std::size_t limit) = 0;

    // Told once, from the committer's thread, when it is durable or has failed; must not block.
    using Done = std::function<void(const Status&)>;
    // Durable and then in effect: Sink::paused, Sink::resumed. Without `done` a pause is tried until it is durable, or
    // the hook is resumed. In the order given.
    virtual void pause(Paused paused, Done done) = 0;
    virtual void resume(HookId hook, Done done) = 0;
};

// The engine, as the committer sees it. Called from the committer's thread, never blocks; the order of the calls is
// kept.
class Sink {
public:
    virtual ~Sink() = default;
    // Before anything else: all hooks that are paused. Later: one that is now.
    virtual void paused(std::vector<Paused> hooks) = 0;
    virtual void resumed(HookId hook) = 0;
    // Before any delivery: the hooks with deliveries that wait since an earlier run.
    virtual void backlog(std::vector<Backlog> hooks) = 0;
    // New deliveries, ids ascending over all calls.
    virtual void ready(std::vector<Ready> deliveries) = 0;
    // Durable now. Only those that end a delivery come back: an attempt that is to be repeated blocks nobody.
    virtual void settled(std::vector<Settlement> settlements) = 0;
    virtual void claimed(HookId hook, Result<Claimed> answer) = 0;
};

}  // namespace switchhook::delivery
