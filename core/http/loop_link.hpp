// How other threads reach the event loop: connections that need it, and the wish to stop. It outlives the loop, because
// an answer may come later.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/http/deadline_list.hpp"

namespace switchhook::http {

// Any thread, except where said.
class LoopLink final {
public:
    // Throws std::system_error when there is no file descriptor left.
    LoopLink();
    ~LoopLink();
    LoopLink(const LoopLink&) = delete;
    LoopLink& operator=(const LoopLink&) = delete;

    // The loop shall look at this connection. Wakes the loop; nothing happens once the loop has ended.
    void post(std::shared_ptr<SocketConnection> connection) noexcept;
    // Wakes the loop, which calls `answer` once; a ping that was not answered yet is replaced. Never called when the
    // loop has ended.
    void ping(std::function<void()> answer);
    // From now on answers close their connections, and the loop ends when all are closed, at the latest at the
    // deadline.
    void stop(TimePoint deadline) noexcept;
    bool stopping() const noexcept { return stopping_.load(); }

    // Bytes of large bodies that are held for connections.
    std::atomic<std::size_t> large_bodies{0};

    // For the loop.
    int event_fd() const noexcept { return event_fd_; }
    std::vector<std::shared_ptr<SocketConnection>> take();
    std::function<void()> take_ping();  // empty: there is none
    TimePoint stop_deadline() const;
    void end();

private:
    void wake() const noexcept;

    int event_fd_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<SocketConnection>> posted_;
    std::function<void()> ping_;
    TimePoint stop_deadline_{};
    bool ended_ = false;
};

}  // namespace switchhook::http
