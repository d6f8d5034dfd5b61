// A TLS server for tests whose every byte is written by the test: one thread per connection runs the given script.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certificates.hpp"

namespace switchhook::tests {

// One accepted connection, after its handshake. For its own thread.
class Connection {
public:
    Connection(SSL* ssl, int socket) : ssl_(ssl), socket_(socket) {}

    // Head and body of the next request; empty when the peer closed.
    std::string read_request();
    // Only the head; the body stays unread.
    std::string read_head();
    bool write(std::string_view bytes);
    // Until the peer closes, or the server does.
    void wait_for_close();
    // The same, with the peer's bytes left in the kernel.
    void wait_without_reading();
    // RST instead of FIN.
    void reset();

private:
    bool read_more();
    SSL* ssl_;
    int socket_;
    std::string buffer_;
};

class TlsServer {
public:
    using Script = std::function<void(Connection&)>;

    TlsServer(Certificate certificate, Script script);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }  // handshakes that succeeded
    int resumed() const { return resumed_; }

private:
    void accept();
    void serve(int socket);

    std::unique_ptr<SSL_CTX, OpenSslFree> context_;
    Script script_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<int> resumed_{0};
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::vector<int> sockets_;          // open ones, under mutex_
    std::vector<std::thread> threads_;  // of the acceptor until it has ended
    std::thread acceptor_;
};

// A listener that never accepts: the kernel completes the connection, and then nothing happens.
class SilentListener {
public:
    SilentListener();
    ~SilentListener();
    SilentListener(const SilentListener&) = delete;
    SilentListener& operator=(const SilentListener&) = delete;
    std::uint16_t port() const { return port_; }
    // Breaks its silence once: accepts, reads, writes these bytes without TLS, closes.
    void answer_one(std::string_view bytes) const;

private:
    int socket_ = -1;
    std::uint16_t port_ = 0;
};

// A port of 127.0.0.1 on which nobody listens.
std::uint16_t closed_port();

}  // namespace switchhook::tests
