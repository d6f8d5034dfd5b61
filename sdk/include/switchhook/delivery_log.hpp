// The log of deliveries: what an outbox keeps of them for people and for a replay, and the jobs that requeue by filter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

using DeliveryId = std::uint64_t;  // grows in the order of acknowledgement; zero is never an id
using StreamId = std::uint64_t;    // a room; deliveries of one stream and hook leave strictly in the order of their ids
using JobId = std::uint64_t;       // of a requeue job; zero is never an id

// requeued: it had ended, and its event waits, or waited, once more as a newer delivery.
enum class DeliveryState : std::uint8_t { waiting = 1, delivered, dead, requeued };

// One try of a delivery, as the log of deliveries keeps it. Views live for the call.
struct Attempt {
    std::int64_t at_ms = 0;          // Unix milliseconds of its begin
    std::uint32_t resolved_us = 0;   // since its begin, of each phase that ended: name resolved, connected, TLS ready,
    std::uint32_t connected_us = 0;  // head of the answer complete, end; 0: not reached, or not needed
    std::uint32_t secured_us = 0;
    std::uint32_t answered_us = 0;
    std::uint32_t took_us = 0;
    int status = 0;              // HTTP status of a complete head; 0 without one
    std::string_view code{};     // stable outcome code, as in AttemptResult
    std::string_view address{};  // that was connected to
    std::string_view answer{};   // first bytes of the answer's body; any bytes
};

// The same, read back. A store keeps at least the latest 16 of a delivery and the first 512 bytes of an answer.
struct LoggedAttempt {
    std::uint32_t number = 0;  // 1 is the first
    std::int64_t at_ms = 0;
    std::uint32_t resolved_us = 0;
    std::uint32_t connected_us = 0;
    std::uint32_t secured_us = 0;
    std::uint32_t answered_us = 0;
    std::uint32_t took_us = 0;
    int status = 0;
    std::string code{};
    std::string address{};
    std::string answer{};
};

struct LoggedDelivery {
    DeliveryId id = 0;
    HookId hook = 0;
    StreamId stream = 0;
    DeliveryState state = DeliveryState::waiting;
    std::uint32_t attempts = 0;
    std::int64_t appended_ms = 0;  // Unix milliseconds: acknowledged, or requeued
    std::int64_t due_ms = 0;       // waiting: its next attempt, 0: at once
    std::int64_t settled_ms = 0;   // of its latest outcome; 0: none yet
    DeliveryId successor = 0;      // requeued: the delivery that took its place
    std::string code{};            // outcome code of its latest attempt, or why it ended without one; empty: none yet
    std::string tenant{};          // Match::tenant when it was appended; stays when the hook is gone
    std::string event_id{};
    std::string event{};  // its name
    std::string call{};   // sip.callID of the call that the event belongs to; empty: not known
};

struct DeliveryDetail {
    LoggedDelivery delivery;
    std::vector<LoggedAttempt> attempts;  // oldest first
    std::string body;                     // of the event
};

// Whose deliveries a caller may see and move: one tenant's, or, when unset, everybody's.
using TenantScope = std::optional<std::string>;

// What is unset, zero or empty filters nothing.
struct LogFilter {
    TenantScope tenant{};
    HookId hook = 0;
    std::string call{};
    std::string event{};  // name
    std::optional<DeliveryState> state{};
    std::int64_t since_ms = 0;  // appended_ms at or after
    std::int64_t until_ms = 0;  // appended_ms before
};

struct LogQuery {
    LogFilter filter{};
    DeliveryId before = 0;   // only smaller ids: LogPage::next of the page before; 0: from the newest
    std::size_t limit = 50;  // 1 or more
};

// Newest first (ids descending). A store bounds the work for one page: it may hold fewer than asked for, even none,
// and yet not be the last.
struct LogPage {
    std::vector<LoggedDelivery> deliveries;
    DeliveryId next = 0;  // 0: that was the last page
};

// Requeues, oldest first, what matches its filter at the time when it gets there; deliveries that are made after its
// begin are left alone. Durable: it goes on after a restart, and requeues nothing twice.
struct RequeueJob {
    enum class State : std::uint8_t { running = 1, done, cancelled };

    JobId id = 0;
    LogFilter filter{};  // state is dead or delivered
    State state = State::running;
    std::int64_t began_ms = 0;
    std::int64_t ended_ms = 0;
    std::uint64_t requeued = 0;
    DeliveryId reached = 0;  // ids up to here were looked at
    DeliveryId end = 0;      // ids up to here are its work
};

}  // namespace abi1
}  // namespace switchhook
