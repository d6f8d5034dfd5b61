// The loop's part that follows one connection: input, the guard's verdict, output, the end.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include "core/http/loop.hpp"
#include "core/http/reply.hpp"

namespace switchhook::http {
namespace {

using namespace std::chrono_literals;

// RFC 9112 9.6: after the last answer we shut down our side and read on for a while, so that the reset that follows
// unread input does not overtake the answer.
constexpr auto kDrainTime = 1s;
constexpr std::size_t kDrainBytes = std::size_t{4} * 1024 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

void Loop::handle_event(SocketConnection& connection, std::uint32_t events) {
    if (!connection.self) return;  // closed by an event before this one
    const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    connection.peer_finished = connection.peer_finished || ended;
    connection.readable = connection.readable || ended || (events & EPOLLIN) != 0;
    try {
        go_on(connection);
    } catch (const std::exception& error) {  // no memory: this connection goes, the others stay
        log_.error("a connection was closed", {{"reason", error.what()}});
        close(connection);
    }
}

void Loop::go_on(SocketConnection& connection) {
    if (connection.output_waiting()) {
        flush(connection);
    } else if (connection.phase() == Phase::closing) {
        finish(connection);
    } else {
        read_requests(connection);
    }
}

void Loop::read_requests(SocketConnection& connection) {
    if (!connection.may_read()) return;
    const auto reading = [&] { return connection.phase() == Phase::idle && !connection.output_waiting(); };
    while (reading() && (feed_pipelined(connection) || receive(connection))) {
    }
    if (connection.guard.wants_continue() && !connection.continue_sent && reading()) {
        connection.continue_sent = true;
        if (connection.write(kContinue) == Output::waiting) await_output(connection);
    }
    update_deadlines(connection);
}

// What came behind the request before. False when there is nothing.
bool Loop::feed_pipelined(SocketConnection& connection) {
    const std::string_view rest = std::string_view(connection.pipelined).substr(connection.pipelined_used);
    if (rest.empty()) return false;
    connection.pipelined_used += feed(connection, rest);
    if (connection.pipelined_used == connection.pipelined.size()) {
        connection.pipelined = {};
        connection.pipelined_used = 0;
    }
    return true;
}

// False when nothing more can be read for now.
bool Loop::receive(SocketConnection& connection) {
    if (!connection.readable) return false;
    const ssize_t size = ::recv(connection.fd(), input_.data(), input_.size(), 0);
    if (size < 0) {
        if (errno == EINTR) return true;
        connection.readable = false;
        if (errno != EAGAIN && errno != EWOULDBLOCK) close(connection);
        return false;
    }
    if (size == 0) {
        // Half a request and then the end: a body shorter than announced, a head that stops.
        if (connection.guard.started()) {
            refuse(connection, 400);
        } else if (connection.close_unless_in_use()) {  // else an answer is still to be written
            close(connection);
        }
        return false;
    }
    const std::string_view bytes(input_.data(), static_cast<std::size_t>(size));
    // A short read has emptied the socket, and edge-triggered epoll tells of new bytes; but not again of the end.
    if (bytes.size() < input_.size() && !connection.peer_finished) connection.readable = false;
    const std::size_t used = feed(connection, bytes);
    if (used < bytes.size()) connection.pipelined = bytes.substr(used);
    return true;
}

std::size_t Loop::feed(SocketConnection& connection, std::string_view bytes) {
    const std::size_t used = connection.guard.feed(bytes);
    if (connection.charge_body(connection.guard.body_held()) > settings_.large_bodies_bytes) {
        refuse(connection, 503);
        return bytes.size();
    }
    switch (connection.guard.verdict()) {
        case FramingGuard::Verdict::need_more:
            return used;
        case FramingGuard::Verdict::complete:
            dispatch(connection, used < bytes.size() || connection.readable);
            return used;
        case FramingGuard::Verdict::refused:
            refuse(connection, connection.guard.status());
            return bytes.size();
    }
    return used;
}

void Loop::dispatch(SocketConnection& connection, bool more_input) {
    Frame frame = connection.guard.take();
    connection.begin_request(frame, more_input);
    activity_.push_back(connection.activity, now_ + settings_.idle_timeout);
    ++figures_.requests;
    if (!deliver_(connection.self, std::move(frame))) connection.answer(error_reply(503));
}

// The last answer of a connection whose input cannot be followed any more, or came too slowly.
void Loop::refuse(SocketConnection& connection, int status) {
    ++figures_.refused;
    log_.debug("a request was refused", {{"status", std::to_string(status)}, {"peer", connection.peer()}});
    connection.guard.take();  // frees what has come of it
    connection.charge_body(0);
    const Output output = connection.write_last(write_reply(error_reply(status), Persistence::close, false));
    update_deadlines(connection);
    if (output == Output::waiting) {
        await_output(connection);
    } else {
        finish(connection);
    }
}

void Loop::flush(SocketConnection& connection) {
    switch (connection.flush()) {
        case Output::waiting:
            return;
        case Output::failed:
            close(connection);
            return;
        case Output::done:
            break;
    }
    connection.output_due.unlink();
    go_on(connection);
}

// Writes on when the socket takes more; a peer that does not read has as long as a request may take.
void Loop::await_output(SocketConnection& connection) {
    if (!connection.output_due.linked()) outputs_.push_back(connection.output_due, now_ + settings_.request_deadline);
    watch(EPOLL_CTL_MOD, connection.fd(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &connection);
}

// Everything is written: says so to the peer, and waits for its end. Also goes on with that.
void Loop::finish(SocketConnection& connection) {
    if (!connection.output_due.linked()) {
        if (::shutdown(connection.fd(), SHUT_WR) != 0) return close(connection);
        drains_.push_back(connection.output_due, now_ + kDrainTime);
    }
    while (true) {
        const ssize_t size = ::recv(connection.fd(), input_.data(), input_.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (size <= 0) return close(connection);
        connection.drained += static_cast<std::size_t>(size);
        if (connection.drained > kDrainBytes) return close(connection);
    }
}

void Loop::update_deadlines(SocketConnection& connection) {
    const bool arriving = connection.guard.started() &&
                          connection.guard.verdict() == FramingGuard::Verdict::need_more &&
                          connection.phase() == Phase::idle;
    if (!arriving) {
        connection.head_due.unlink();
        connection.request_due.unlink();
        return;
    }
    if (!connection.request_due.linked()) {
        requests_.push_back(connection.request_due, now_ + settings_.request_deadline);
        heads_.push_back(connection.head_due, now_ + settings_.head_deadline);
    }
    if (connection.guard.head_complete()) connection.head_due.unlink();
}

}  // namespace switchhook::http
