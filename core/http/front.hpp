// The front: an event loop that holds the connections, checks the bytes of a request as they arrive (framing guard) and
// hands only complete requests on. DESIGN: settled limits are the defaults below.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/result.hpp>

namespace switchhook::http {

// A complete, well-formed request. Header names keep their case; look them up with header().
struct Request {
    std::string method;
    std::string path;       // as sent, "/" first, without the query; no percent-encoded slash, no dot segment
    std::string parameter;  // what stands in the place of {..} of its endpoint's path, as sent; empty: it has none
    std::string query;      // behind "?", still encoded; may hold a token: never log it
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string peer;  // address of the other side, for logs

    // The value of the first header of that name (any case), or empty.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string body;
    std::string content_type;  // empty: no such header
    std::vector<std::pair<std::string, std::string>> headers;
};

class Connection;

// The duty to answer one request: move-only, any thread, once. Destroyed unanswered, it answers 500, so that no peer
// hangs.
class Exchange {
public:
    explicit Exchange(std::shared_ptr<Connection> connection);
    Exchange(Exchange&&) noexcept;
    Exchange& operator=(Exchange&&) noexcept;
    ~Exchange();
    // Writes the answer from the calling thread without blocking; what the socket does not take at once the loop
    // writes.
    void answer(const Response& response);

private:
    std::shared_ptr<Connection> connection_;
};

struct FrontSettings {
    std::string host = "0.0.0.0";
    std::uint16_t port = 3001;  // 0: any free one
    std::size_t workers = 2;
    std::size_t max_connections = 20'000;  // reached: the one idle longest without a complete request is closed
    std::size_t head_bytes = 16 * 1024;
    std::size_t body_bytes = 2 * 1024 * 1024;
    // Received bytes of bodies above 64 KiB that are not answered yet, all connections together; more: 503, Retry-After
    // 5, and the connection closes. Smaller bodies are bounded by the number of connections.
    std::size_t large_bodies_bytes = 256 * 1024 * 1024;
    std::size_t max_headers = 100;
    std::chrono::milliseconds head_deadline{5'000};
    std::chrono::milliseconds request_deadline{15'000};
    std::chrono::milliseconds idle_timeout{
        120'000};                         // longer than LiveKit's 90 s: it does not repeat a POST on a closed one
    std::size_t queued_requests = 4'096;  // complete requests that wait for a worker; more: 503, Retry-After 5
};

// What the front counted since its start. Any thread.
struct FrontFigures {
    std::uint64_t connections_open = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;  // malformed, too large, too slow
};

// Called on a worker thread with a complete request; must answer, now or later, and must not block.
using Handler = std::function<void(Request, Exchange)>;

class Front {
public:
    Front(FrontSettings settings, Handler handler, Log& log);
    ~Front();
    // Binds and listens (no SO_REUSEPORT), then starts loop and workers. Code::unavailable: another
    // program has the port, or the address is not on this machine now; invalid: not allowed, not an address, ...
    Status start();
    // Accepts nothing new, lets requests in hand be answered until the deadline, closes everything. Safe twice.
    void stop(std::chrono::milliseconds deadline);
    // `answer` is called once, by the event loop, when it comes round. Between start and stop; any thread, never
    // blocks.
    void ping(std::function<void()> answer);
    std::uint16_t port() const;  // the real one
    FrontFigures figures() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::http
