#include "tests/unit/http/peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace switchhook::http::test {
namespace {

constexpr int kWaitMs = 10'000;

bool wait_for(int fd, short what, int milliseconds) {
    pollfd entry{fd, what, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
}

}  // namespace

Peer::Peer(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) != 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

Peer::~Peer() {
    if (fd_ >= 0) ::close(fd_);
}

bool Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno != EAGAIN || !wait_for(fd_, POLLOUT, kWaitMs))) return false;
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Peer::finish_sending() {
    ::shutdown(fd_, SHUT_WR);
}

bool Peer::receive() {
    if (!wait_for(fd_, POLLIN, kWaitMs)) return false;
    std::array<char, 65'536> bytes;
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    received_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
}

std::optional<Reply> Peer::reply(bool without_body) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
        if (!receive()) return std::nullopt;
    Reply reply;
    reply.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    if (reply.head.starts_with("HTTP/1.1 ")) reply.status = std::atoi(reply.head.c_str() + 9);
    const std::size_t length = reply.head.find("\r\nContent-Length: ");
    if (length == std::string::npos || without_body) return reply;
    const std::size_t size = std::strtoul(reply.head.c_str() + length + 18, nullptr, 10);
    while (received_.size() < size)
        if (!receive()) return std::nullopt;
    reply.body = received_.substr(0, size);
    received_.erase(0, size);
    return reply;
}

bool Peer::sees_close() {
    while (wait_for(fd_, POLLIN, kWaitMs))
        if (!receive()) return true;
    return false;
}

bool Peer::is_quiet() const {
    return received_.empty() && !wait_for(fd_, POLLIN, 0);
}

std::optional<Reply> ask(std::uint16_t port, std::string_view bytes) {
    Peer peer(port);
    peer.send(bytes);
    return peer.reply();
}

}  // namespace switchhook::http::test
