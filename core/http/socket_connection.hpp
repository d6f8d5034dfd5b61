// A connection of the front: what the loop knows of its input, and its output, which any thread may write.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/http/connection.hpp"
#include "core/http/deadline_list.hpp"
#include "core/http/framing_guard.hpp"
#include "core/http/loop_link.hpp"

namespace switchhook::http {

// Who may go on: while `idle` the loop reads; while `busy` one request is in hand and its answer comes from any thread;
// `busy_pending` is busy with more input to look at behind it; `closing` reads nothing any more; `closed` writes
// nothing.
enum class Phase : std::uint8_t { idle = 1, busy, busy_pending, closing, closed };

// What the output needs from the loop.
enum class Output : std::uint8_t { done = 1, waiting, failed };

class SocketConnection final : public Connection, public std::enable_shared_from_this<SocketConnection> {
public:
    SocketConnection(int fd, std::string peer, const FramingLimits& limits, std::shared_ptr<LoopLink> link);
    ~SocketConnection() override;  // closes the socket: its number lives as long as an answer may come
    SocketConnection(const SocketConnection&) = delete;
    SocketConnection& operator=(const SocketConnection&) = delete;

    // Any thread.
    void answer(const Response& response) noexcept override;
    // By whom the request is in hand: the answer will be the last of this connection.
    void close_after_answer() noexcept { last_answer_ = true; }
    const std::string& peer() const noexcept { return peer_; }

    // The rest is for the loop.
    int fd() const noexcept { return fd_; }
    Phase phase() const noexcept { return phase_.load(); }
    // True when the loop may read on; else the input is remembered as pending.
    bool may_read() noexcept;
    // The request of `frame` is now in hand.
    void begin_request(const Frame& frame, bool more_input) noexcept;
    // Counts the body that is held for this connection, when it is large, until its answer. Returns the sum of all
    // large ones, or 0 when this one is not large.
    std::size_t charge_body(std::size_t bytes) noexcept;
    // Writes an interim or last answer of the loop itself.
    Output write(std::string_view text);
    Output write_last(std::string_view text);
    Output flush();
    bool output_waiting() const noexcept { return output_waiting_.load(); }
    // True when it was idle with nothing left to write, or closing; it is closed then, and no answer can be lost by
    // that.
    bool close_unless_in_use();
    void close();
    TimePoint answered_at() const noexcept { return TimePoint(TimePoint::duration(answered_at_.load())); }

    FramingGuard guard;
    std::string pipelined;           // received behind the request in hand
    std::size_t pipelined_used = 0;  // of it
    bool readable = false;           // the socket may hold unread input
    bool peer_finished = false;      // the peer has shut down its side: read until the end
    bool continue_sent = false;
    std::size_t drained = 0;
    DeadlineEntry activity{this};  // since the last complete request, or since it was accepted
    DeadlineEntry head_due{this};
    DeadlineEntry request_due{this};
    DeadlineEntry output_due{this};          // writing, then draining
    std::shared_ptr<SocketConnection> self;  // the loop's ownership

private:
    Output write_locked(std::string_view text);
    Output flush_locked();

    const int fd_;
    const std::string peer_;
    const std::shared_ptr<LoopLink> link_;
    std::atomic<Phase> phase_{Phase::idle};
    std::atomic<bool> output_waiting_{false};
    std::atomic<TimePoint::rep> answered_at_;  // or accepted
    // Of the request that arrives or is in hand.
    std::size_t charged_ = 0;
    bool last_answer_ = false;
    bool say_keep_alive_ = false;
    bool without_body_ = false;

    std::mutex output_mutex_;
    std::string output_;  // what the socket did not take at once
    std::size_t output_written_ = 0;
};

}  // namespace switchhook::http
