// Forwarder: how a written request travels.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/dialect.hpp>

namespace switchhook {
inline namespace abi1 {

struct Request {
    std::string url;
    std::vector<Header> headers;
    std::shared_ptr<const std::string> body;  // shared: every attempt of a delivery sends the same bytes
};

// What came of one attempt. `code` is stable and documented (docs/outcomes.md): "delivered", "status_<n>",
// "connect_refused", "connect_failed" (no route to the host), "network_down" (no way to any host), "dns_failed" (the
// name does not exist), "dns_unavailable" (the name server does not answer), "tls_verify_failed", "tls_failed",
// "forbidden_address", "timeout_connect" (until TLS is ready), "timeout_response", "connection_reset",
// "response_too_large" (its head), "invalid_url", "bad_response", "own_fault" (headers that cannot be sent, no file
// descriptors), "stopped".
struct AttemptResult {
    std::string code;
    int status = 0;                                   // HTTP status of a complete head; 0 without one
    std::optional<std::chrono::seconds> retry_after;  // as asked by the receiver; not yet capped
    std::chrono::microseconds took{0};
    // Since the begin of the attempt, of each phase that ended; 0: not reached, or not needed.
    std::chrono::microseconds resolved{0};
    std::chrono::microseconds connected{0};
    std::chrono::microseconds secured{0};   // TLS is ready
    std::chrono::microseconds answered{0};  // the head is complete
    std::string address;                    // that was connected to, for the log
    std::string detail;                     // for the log, never a secret
    std::string answer;                     // first bytes of the answer's body, at most 1 KiB; any bytes
};

using Completion = std::function<void(AttemptResult)>;

// send and check: any thread.
class Forwarder : public Component {
public:
    // The only judge of URLs: configuration, API and send ask it. Not ok: the message says why, without the URL's
    // secrets. Looks at the text alone; names are resolved and their addresses judged at each send.
    virtual Status check(std::string_view url) const = 0;
    using Component::check;  // an implementation says `using Forwarder::check;`, or gcc warns of a hidden one
    // Asynchronous, never blocks. `deadline` bounds the whole attempt, body included. `done` is called exactly once,
    // from a thread of the forwarder's, also when it is stopped; it must not block.
    virtual void send(Request request, std::chrono::milliseconds deadline, Completion done) = 0;
};

}  // namespace abi1
}  // namespace switchhook
