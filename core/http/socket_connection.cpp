#include "core/http/socket_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/http/reply.hpp"

namespace switchhook::http {
namespace {

constexpr std::size_t kSmallBody = std::size_t{64} * 1024;  // a webhook has 1 to 10 KB

}  // namespace

SocketConnection::SocketConnection(int fd, std::string peer, const FramingLimits& limits,
                                   std::shared_ptr<LoopLink> link)
    : guard(limits),
      fd_(fd),
      peer_(std::move(peer)),
      link_(std::move(link)),
      answered_at_(std::chrono::steady_clock::now().time_since_epoch().count()) {}

SocketConnection::~SocketConnection() {
    charge_body(0);
    ::close(fd_);
}

std::size_t SocketConnection::charge_body(std::size_t bytes) noexcept {
    const std::size_t counted = bytes > kSmallBody ? bytes : 0;
    const std::size_t before = std::exchange(charged_, counted);
    if (before == counted && counted == 0) return 0;
    const std::size_t all = link_->large_bodies += counted - before;  // modulo 2^64, so also down
    return counted == 0 ? 0 : all;
}

// The connection becomes idle before the bytes are sent, under the lock that orders the output: a client that is faster
// than our return from send() then finds a loop that reads at once, instead of one that has to be woken by us. It
// becomes closing only behind the bytes: the loop shuts a closing connection down.
void SocketConnection::answer(const Response& response) noexcept {
    bool for_loop = true;
    try {
        charge_body(0);
        const bool last = last_answer_ || link_->stopping();
        const Persistence persistence =
            last ? Persistence::close : (say_keep_alive_ ? Persistence::keep_alive : Persistence::silent);
        const std::string text = write_reply(response, persistence, without_body_);
        const std::lock_guard lock(output_mutex_);
        if (phase_.load() == Phase::closed) return;
        answered_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
        const bool pending = !last && phase_.exchange(Phase::idle) == Phase::busy_pending;
        const Output output = write_locked(text);
        if (last) phase_ = Phase::closing;
        for_loop = last || pending || output != Output::done || link_->stopping();
    } catch (...) {  // no memory for the answer: the peer sees a closed connection
        phase_ = Phase::closing;
    }
    if (for_loop) link_->post(shared_from_this());
}

bool SocketConnection::may_read() noexcept {
    Phase phase = phase_.load();
    while (phase == Phase::busy)
        if (phase_.compare_exchange_weak(phase, Phase::busy_pending)) return false;
    return phase == Phase::idle && !output_waiting();
}

void SocketConnection::begin_request(const Frame& frame, bool more_input) noexcept {
    last_answer_ = !frame.keep_alive;
    say_keep_alive_ = frame.http_1_0;
    without_body_ = frame.text(frame.method) == "HEAD";
    continue_sent = false;
    phase_ = more_input ? Phase::busy_pending : Phase::busy;
}

Output SocketConnection::write(std::string_view text) {
    const std::lock_guard lock(output_mutex_);
    return write_locked(text);
}

Output SocketConnection::write_last(std::string_view text) {
    const std::lock_guard lock(output_mutex_);
    phase_ = Phase::closing;
    return write_locked(text);
}

Output SocketConnection::flush() {
    const std::lock_guard lock(output_mutex_);
    return flush_locked();
}

Output SocketConnection::write_locked(std::string_view text) {
    if (output_.empty()) {
        const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            phase_ = Phase::closing;
            return Output::failed;
        }
        text.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
        if (text.empty()) return Output::done;
    }
    output_.append(text);
    output_waiting_ = true;
    return Output::waiting;
}

Output SocketConnection::flush_locked() {
    while (output_written_ < output_.size()) {
        const ssize_t sent = ::send(fd_, output_.data() + output_written_, output_.size() - output_written_,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return Output::waiting;
            phase_ = Phase::closing;
            return Output::failed;
        }
        output_written_ += static_cast<std::size_t>(sent);
    }
    output_ = {};
    output_written_ = 0;
    output_waiting_ = false;
    return Output::done;
}

bool SocketConnection::close_unless_in_use() {
    const std::lock_guard lock(output_mutex_);
    const Phase phase = phase_.load();
    if (phase == Phase::busy || phase == Phase::busy_pending) return false;
    if (phase == Phase::idle && output_waiting()) return false;
    phase_ = Phase::closed;
    return true;
}

void SocketConnection::close() {
    const std::lock_guard lock(output_mutex_);
    phase_ = Phase::closed;
}

}  // namespace switchhook::http
