#include "plain_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace switchhook::tests {
namespace {

std::pair<int, std::uint16_t> bind_to_loopback() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (socket < 0 || ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("cannot bind");
    return {socket, ntohs(address.sin_port)};
}

bool read_more(int socket, std::string& buffer) {
    char chunk[16384];
    const auto got = ::recv(socket, chunk, sizeof chunk, 0);
    if (got > 0) buffer.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
}

bool read_request(int socket, std::string& buffer, PlainRequest& request) {
    while (buffer.find("\r\n\r\n") == std::string::npos)
        if (!read_more(socket, buffer)) return false;
    const auto end = buffer.find("\r\n\r\n") + 4;
    request.head = buffer.substr(0, end);
    buffer.erase(0, end);
    const auto from = request.head.find(' ') + 1;
    request.target = request.head.substr(from, request.head.find(' ', from) - from);
    std::size_t length = 0;
    const auto text = request.header("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    while (buffer.size() < length)
        if (!read_more(socket, buffer)) return false;
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return true;
}

}  // namespace

std::string PlainRequest::header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
}

PlainAnswer answer_of(int status, const std::string& body, const std::string& content_type,
                      const std::string& more_headers) {
    return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: " + content_type +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nVary: Origin\r\n" + more_headers +
                     "\r\n" + body};
}

PlainServer::PlainServer(Handler handler) : handler_(std::move(handler)) {
    std::tie(listener_, port_) = bind_to_loopback();
    if (::listen(listener_, 128) != 0) throw std::runtime_error("cannot listen");
    acceptor_ = std::thread([this] { accept(); });
}

PlainServer::~PlainServer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ended_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
}

void PlainServer::wait_for_end() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return stopping_; });
}

void PlainServer::accept() {
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            if (socket >= 0) ::close(socket);
            return;
        }
        if (socket < 0) continue;
        ++connections_;
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void PlainServer::serve(int socket) {
    std::string buffer;
    PlainRequest request;
    while (read_request(socket, buffer, request)) {
        const auto answer = handler_(request);
        std::size_t sent = 0;
        while (sent < answer.bytes.size()) {
            const auto wrote = ::send(socket, answer.bytes.data() + sent, answer.bytes.size() - sent, MSG_NOSIGNAL);
            if (wrote <= 0) break;
            sent += static_cast<std::size_t>(wrote);
        }
        if (answer.close || sent < answer.bytes.size()) break;
    }
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    ::close(socket);
}

std::uint16_t silent_port() {
    const auto [socket, port] = bind_to_loopback();
    ::close(socket);
    return port;
}

}  // namespace switchhook::tests
