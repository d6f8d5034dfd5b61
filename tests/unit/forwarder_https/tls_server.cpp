#include "tls_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace switchhook::tests {
namespace {

std::pair<int, std::uint16_t> listen_on_loopback(int backlog) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener < 0 || ::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        (backlog > 0 && ::listen(listener, backlog) != 0))
        throw std::runtime_error("cannot listen");
    return {listener, ntohs(address.sin_port)};
}

std::size_t content_length(const std::string& head) {
    const std::string key = "Content-Length: ";
    const auto at = head.find(key);
    std::size_t length = 0;
    if (at != std::string::npos) std::from_chars(head.data() + at + key.size(), head.data() + head.size(), length);
    return length;
}

}  // namespace

bool Connection::read_more() {
    char chunk[16384];
    const int got = SSL_read(ssl_, chunk, sizeof chunk);
    if (got > 0) buffer_.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
}

std::string Connection::read_head() {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
        if (!read_more()) return {};
    const auto end = buffer_.find("\r\n\r\n") + 4;
    std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return head;
}

std::string Connection::read_request() {
    std::string head = read_head();
    if (head.empty()) return {};
    const auto length = content_length(head);
    while (buffer_.size() < length)
        if (!read_more()) return {};
    head.append(buffer_, 0, length);
    buffer_.erase(0, length);
    return head;
}

bool Connection::write(std::string_view bytes) {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

void Connection::wait_for_close() {
    while (read_more()) buffer_.clear();
}

void Connection::wait_without_reading() {
    pollfd gone{.fd = socket_, .events = POLLRDHUP, .revents = 0};
    ::poll(&gone, 1, 60'000);
}

void Connection::reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

TlsServer::TlsServer(Certificate certificate, Script script) : script_(std::move(script)) {
    ::signal(SIGPIPE, SIG_IGN);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context_.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context_.get(), certificate.key.get());
    std::tie(listener_, port_) = listen_on_loopback(128);
    acceptor_ = std::thread([this] { accept(); });
}

TlsServer::~TlsServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
}

void TlsServer::accept() {
    while (!stopping_) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        {
            const std::lock_guard lock(mutex_);
            sockets_.push_back(socket);
        }
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void TlsServer::serve(int socket) {
    const std::unique_ptr<SSL, OpenSslFree> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), socket);
    if (SSL_accept(ssl.get()) == 1) {
        ++connections_;
        if (SSL_session_reused(ssl.get()) == 1) ++resumed_;
        Connection connection(ssl.get(), socket);
        script_(connection);
    }
    ERR_clear_error();
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    ::close(socket);
}

SilentListener::SilentListener() {
    std::tie(socket_, port_) = listen_on_loopback(4096);
}

SilentListener::~SilentListener() {
    ::close(socket_);
}

void SilentListener::answer_one(std::string_view bytes) const {
    const int peer = ::accept(socket_, nullptr, nullptr);
    char hello[4096];
    if (::read(peer, hello, sizeof hello) > 0) (void)!::write(peer, bytes.data(), bytes.size());
    ::close(peer);
}

std::uint16_t closed_port() {
    const auto [socket, port] = listen_on_loopback(0);
    ::close(socket);
    return port;
}

}  // namespace switchhook::tests
