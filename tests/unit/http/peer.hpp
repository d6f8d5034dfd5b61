// The other side of a connection: raw bytes in and out, each wait with a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchhook::http::test {

struct Reply {
    int status = 0;
    std::string head;
    std::string body;
    bool has(std::string_view line) const {
        return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
    }
};

class Peer {
public:
    // Connects to 127.0.0.1. `receive_buffer` bytes, when not 0: a small one makes a peer that soon takes no more.
    explicit Peer(std::uint16_t port, int receive_buffer = 0);
    ~Peer();
    Peer(Peer&& other) noexcept : fd_(other.fd_), received_(std::move(other.received_)) { other.fd_ = -1; }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool connected() const { return fd_ >= 0; }
    // False when the other side has closed.
    bool send(std::string_view bytes);
    void finish_sending();
    // The next answer; nothing when the connection closes or 10 s pass before it is complete.
    std::optional<Reply> reply(bool without_body = false);
    // True when the other side closes within 10 s; what still came is thrown away.
    bool sees_close();
    // True when nothing to read and no close is there now.
    bool is_quiet() const;

private:
    bool receive();
    int fd_ = -1;
    std::string received_;
};

// A whole exchange on a connection of its own.
std::optional<Reply> ask(std::uint16_t port, std::string_view bytes);

}  // namespace switchhook::http::test
