// The event loop: accepts, reads, lets the guard judge, hands complete requests on, writes what did not fit, and
// closes. One thread, edge-triggered epoll; it sleeps until bytes come or the next deadline is due, so idle costs
// nothing.
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/http/deadline_list.hpp"
#include "core/http/framing_guard.hpp"
#include "core/http/front.hpp"
#include "core/http/loop_link.hpp"
#include "core/http/socket_connection.hpp"

namespace switchhook::http {

struct LoopFigures {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused{0};
};

class Loop final {
public:
    // Takes a complete request; false when too many wait already.
    using Deliver = std::function<bool(std::shared_ptr<SocketConnection>, Frame)>;

    // `listener` listens and does not block; it is closed by its owner after run(). Throws std::system_error.
    Loop(const FrontSettings& settings, int listener, std::shared_ptr<LoopLink> link, Deliver deliver, Log& log);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Returns when LoopLink::stop was called and all connections are closed or the deadline is over.
    void run();
    const LoopFigures& figures() const noexcept { return figures_; }

private:
    void wait_and_handle();
    int wait_ms() const;
    void handle_deadlines();
    void handle_posted();
    void begin_stop();

    void watch(int operation, int fd, std::uint32_t events, void* whose);
    void watch_listener(bool on);
    void accept_some();
    void add_connection(int fd, const sockaddr_storage& address);
    void make_room();
    bool evict_one();
    void close(SocketConnection& connection);
    void warn(std::string_view text, std::string_view hint);

    void handle_event(SocketConnection& connection, std::uint32_t events);
    void go_on(SocketConnection& connection);
    void read_requests(SocketConnection& connection);
    bool feed_pipelined(SocketConnection& connection);
    bool receive(SocketConnection& connection);
    std::size_t feed(SocketConnection& connection, std::string_view bytes);
    void dispatch(SocketConnection& connection, bool more_input);
    void refuse(SocketConnection& connection, int status);
    void flush(SocketConnection& connection);
    void await_output(SocketConnection& connection);
    void finish(SocketConnection& connection);
    void update_deadlines(SocketConnection& connection);

    const FrontSettings settings_;
    const FramingLimits limits_;
    const int listener_;
    const std::shared_ptr<LoopLink> link_;
    const Deliver deliver_;
    Log& log_;
    int epoll_fd_;
    char listener_event_ = 0;  // their addresses tell epoll's events of listener and link from those of connections
    char link_event_ = 0;
    TimePoint now_{};
    bool accepting_ = true;
    bool stop_begun_ = false;
    TimePoint accept_again_{};  // when not accepting for want of descriptors
    TimePoint next_warning_{};
    LoopFigures figures_;
    DeadlineList activity_;
    DeadlineList heads_;
    DeadlineList requests_;
    DeadlineList outputs_;
    DeadlineList drains_;
    std::vector<std::shared_ptr<SocketConnection>> closed_;  // until the events at hand are handled: they may name them
    std::array<char, 64 * 1024> input_;
};

}  // namespace switchhook::http
