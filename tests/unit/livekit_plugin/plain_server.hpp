// An HTTP server for tests whose every byte is written by the test: one thread per connection, kept until it is closed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace switchhook::tests {

struct PlainRequest {
    std::string target;  // "/twirp/livekit.SIP/ListSIPInboundTrunk"
    std::string head;    // request line and headers
    std::string body;
    // The value of a header; empty when it is not there.
    std::string header(const std::string& name) const;
};

struct PlainAnswer {
    std::string bytes;   // as they go out; empty: none
    bool close = false;  // afterwards
};

// A whole answer with Content-Length.
PlainAnswer answer_of(int status, const std::string& body, const std::string& content_type = "application/json",
                      const std::string& more_headers = "");

class PlainServer final {
public:
    using Handler = std::function<PlainAnswer(const PlainRequest&)>;

    explicit PlainServer(Handler handler);
    ~PlainServer();
    PlainServer(const PlainServer&) = delete;
    PlainServer& operator=(const PlainServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int connections() const { return connections_; }
    // For a handler: blocks until the server goes. The test's way to never answer.
    void wait_for_end();

private:
    void accept();
    void serve(int socket);

    Handler handler_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::condition_variable ended_;
    bool stopping_ = false;
    std::vector<int> sockets_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

// A port of 127.0.0.1 on which nobody listens.
std::uint16_t silent_port();

}  // namespace switchhook::tests
