#include "core/http/loop_link.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "core/http/socket_connection.hpp"

namespace switchhook::http {

LoopLink::LoopLink() : event_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

LoopLink::~LoopLink() {
    ::close(event_fd_);
}

void LoopLink::wake() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(event_fd_, &one,
                   sizeof one);  // fails only when the counter is full, and then the loop is awake anyway
}

void LoopLink::post(std::shared_ptr<SocketConnection> connection) noexcept {
    bool first = false;
    try {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        first = posted_.empty();
        posted_.push_back(std::move(connection));
    } catch (...) {
        return;  // no memory: the deadlines close the connection
    }
    if (first) wake();
}

void LoopLink::ping(std::function<void()> answer) {
    {
        const std::lock_guard lock(mutex_);
        ping_ = std::move(answer);
    }
    wake();
}

std::function<void()> LoopLink::take_ping() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ping_, {});
}

void LoopLink::stop(TimePoint deadline) noexcept {
    {
        const std::lock_guard lock(mutex_);
        stop_deadline_ = deadline;
        stopping_ = true;
    }
    wake();
}

std::vector<std::shared_ptr<SocketConnection>> LoopLink::take() {
    std::uint64_t count = 0;
    (void)!::read(event_fd_, &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(posted_, {});
}

TimePoint LoopLink::stop_deadline() const {
    const std::lock_guard lock(mutex_);
    return stop_deadline_;
}

void LoopLink::end() {
    std::vector<std::shared_ptr<SocketConnection>> rest;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    rest.swap(posted_);
}

}  // namespace switchhook::http
