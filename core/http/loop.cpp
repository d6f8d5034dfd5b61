#include "core/http/loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace switchhook::http {
namespace {

using namespace std::chrono_literals;

constexpr int kEvents = 256;
constexpr int kAcceptsPerTurn = 64;
constexpr int kEvictionTries = 64;
constexpr auto kAcceptPause = 1s;
constexpr auto kWarningInterval = 60s;

FramingLimits limits_of(const FrontSettings& settings) {
    FramingLimits limits;
    limits.head_bytes = settings.head_bytes;
    limits.body_bytes = settings.body_bytes;
    limits.max_headers = settings.max_headers;
    return limits;
}

std::string text_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* const raw = &address;
    const void* const number = address.ss_family == AF_INET6
                                   ? static_cast<const void*>(&static_cast<const sockaddr_in6*>(raw)->sin6_addr)
                                   : static_cast<const void*>(&static_cast<const sockaddr_in*>(raw)->sin_addr);
    return ::inet_ntop(address.ss_family, number, text.data(), text.size()) != nullptr ? text.data() : "";
}

}  // namespace

Loop::Loop(const FrontSettings& settings, int listener, std::shared_ptr<LoopLink> link, Deliver deliver, Log& log)
    : settings_(settings),
      limits_(limits_of(settings)),
      listener_(listener),
      link_(std::move(link)),
      deliver_(std::move(deliver)),
      log_(log),
      epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    try {
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN, &listener_event_);
        watch(EPOLL_CTL_ADD, link_->event_fd(), EPOLLIN, &link_event_);
    } catch (...) {
        ::close(epoll_fd_);
        throw;
    }
}

Loop::~Loop() {
    while (DeadlineEntry* entry = activity_.front()) close(*entry->connection);
    closed_.clear();
    ::close(epoll_fd_);
}

void Loop::run() {
    now_ = std::chrono::steady_clock::now();
    while (!stop_begun_ || (!activity_.empty() && now_ < link_->stop_deadline())) wait_and_handle();
    while (DeadlineEntry* entry = activity_.front()) close(*entry->connection);
    closed_.clear();
    link_->end();
}

void Loop::wait_and_handle() {
    std::array<epoll_event, kEvents> events;
    const int count = ::epoll_wait(epoll_fd_, events.data(), kEvents, wait_ms());
    now_ = std::chrono::steady_clock::now();
    bool new_connections = false;
    bool posted = false;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &listener_event_) {
            new_connections = true;
        } else if (event.data.ptr == &link_event_) {
            posted = true;
        } else {
            handle_event(*static_cast<SocketConnection*>(event.data.ptr), event.events);
        }
    }
    if (posted) handle_posted();
    if (new_connections && accepting_) accept_some();
    handle_deadlines();
    if (link_->stopping() && !stop_begun_) begin_stop();
    closed_.clear();
}

// Until the next deadline, rounded up; -1, for ever, when there is none.
int Loop::wait_ms() const {
    TimePoint due = TimePoint::max();
    for (const DeadlineList* list : {&activity_, &heads_, &requests_, &outputs_, &drains_})
        if (const DeadlineEntry* entry = list->front()) due = std::min(due, entry->due);
    if (!accepting_ && !stop_begun_) due = std::min(due, accept_again_);
    if (stop_begun_) due = std::min(due, link_->stop_deadline());
    if (due == TimePoint::max()) return -1;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 3'600'000));
}

void Loop::handle_deadlines() {
    const auto due = [&](const DeadlineList& list) -> SocketConnection* {
        const DeadlineEntry* entry = list.front();
        return entry != nullptr && entry->due <= now_ ? entry->connection : nullptr;
    };
    while (SocketConnection* connection = due(heads_)) refuse(*connection, 408);
    while (SocketConnection* connection = due(requests_)) refuse(*connection, 408);
    while (SocketConnection* connection = due(outputs_)) close(*connection);
    while (SocketConnection* connection = due(drains_)) close(*connection);
    while (SocketConnection* connection = due(activity_)) {
        // Idle since its last request came, or since that was answered: the entry says the first, and is only moved on
        // when an answer was so late that the client has hardly been idle at all.
        const bool idle =
            !connection->guard.started() && now_ - connection->answered_at() >= settings_.idle_timeout * 7 / 8;
        if (idle && connection->close_unless_in_use()) {
            close(*connection);
        } else {
            activity_.push_back(connection->activity, now_ + settings_.idle_timeout);
        }
    }
    if (!accepting_ && !stop_begun_ && accept_again_ <= now_) watch_listener(true);
}

// What other threads found: input is pending behind an answer, an answer did not fit, or it was the last.
void Loop::handle_posted() {
    // take() clears the wake: whoever pings after that wakes us again.
    const auto posted = link_->take();
    if (const auto answer = link_->take_ping()) answer();
    for (const auto& connection : posted) {
        if (!connection->self) continue;
        if (connection->output_waiting()) {
            await_output(*connection);
        } else if (connection->phase() == Phase::closing) {
            finish(*connection);
        } else {
            read_requests(*connection);
            if (stop_begun_ && connection->self && !connection->guard.started() && connection->close_unless_in_use())
                close(*connection);
        }
    }
}

// Closes what is idle; requests in hand and those that are arriving may still be answered.
void Loop::begin_stop() {
    stop_begun_ = true;
    if (accepting_) watch_listener(false);
    ::shutdown(listener_, SHUT_RDWR);  // from here on the kernel refuses
    std::vector<SocketConnection*> idle;
    activity_.for_each([&](SocketConnection& connection) {
        if (!connection.guard.started() && connection.phase() == Phase::idle) idle.push_back(&connection);
    });
    for (SocketConnection* connection : idle)
        if (connection->close_unless_in_use()) close(*connection);
}

void Loop::watch_listener(bool on) {
    watch(EPOLL_CTL_MOD, listener_, on ? EPOLLIN : 0U, &listener_event_);
    accepting_ = on;
}

void Loop::watch(int operation, int fd, std::uint32_t events, void* whose) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = whose;
    if (::epoll_ctl(epoll_fd_, operation, fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

// A few at a time, so that a burst of connections does not hold up those that are open.
void Loop::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn && accepting_; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        auto* const peer = static_cast<sockaddr*>(static_cast<void*>(&address));
        const int fd = ::accept4(listener_, peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            add_connection(fd, address);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            make_room();
        }  // else the peer has gone again (ECONNABORTED and its like): the next one
    }
}

void Loop::add_connection(int fd, const sockaddr_storage& address) {
    std::shared_ptr<SocketConnection> connection;
    try {
        connection = std::make_shared<SocketConnection>(fd, text_of(address), limits_, link_);
    } catch (...) {
        ::close(fd);
        return;
    }
    if (figures_.open >= settings_.max_connections && !evict_one()) {
        warn("all connections are in use; a new one was closed", "raise the limit of connections");
        return;
    }
    watch(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, connection.get());
    activity_.push_back(connection->activity, now_ + settings_.idle_timeout);
    ++figures_.accepted;
    ++figures_.open;
    connection->self = connection;
}

// No descriptor is left. The listener stays readable, so that accepting on would spin: somebody idle has to go, or we
// wait until somebody does.
void Loop::make_room() {
    warn("no file descriptor is left for a new connection", "raise the limit of open files");
    if (evict_one()) return;
    watch_listener(false);
    accept_again_ = now_ + kAcceptPause;
}

// Closes the connection whose last complete request is the longest ago, unless a request of it is in hand.
bool Loop::evict_one() {
    for (int tries = 0; tries < kEvictionTries; ++tries) {
        const DeadlineEntry* const entry = activity_.front();
        if (entry == nullptr) return false;
        SocketConnection& connection = *entry->connection;
        if (connection.close_unless_in_use()) {
            close(connection);
            closed_.clear();  // frees the descriptor; the events at hand are handled by now
            return true;
        }
        activity_.push_back(connection.activity, now_ + settings_.idle_timeout);
    }
    return false;
}

void Loop::close(SocketConnection& connection) {
    if (!connection.self) return;
    connection.close();
    for (DeadlineEntry* entry :
         {&connection.activity, &connection.head_due, &connection.request_due, &connection.output_due})
        entry->unlink();
    if (connection.self.use_count() > 1) {  // an answer may still come: the peer and epoll shall not wait for it
        (void)::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, connection.fd(), nullptr);
        (void)::shutdown(connection.fd(), SHUT_RDWR);
    }
    closed_.push_back(std::move(connection.self));
    --figures_.open;
    if (!accepting_) accept_again_ = now_;
}

void Loop::warn(std::string_view text, std::string_view hint) {
    if (now_ < next_warning_) return;
    next_warning_ = now_ + kWarningInterval;
    log_.warning(text, {{"hint", hint}});
}

}  // namespace switchhook::http
