// Resolver: looks names up on a few threads of its own, because getaddrinfo blocks and cannot be cancelled.
// The asker keeps the time: it stops waiting when its budget is spent, and a late answer still fills its cache.
//
// Whose name servers hang may not hold up the names of others: names of one domain share few of the threads, and names
// that have hung before share half of them. A domain is the last two labels of a name; tenants under one public suffix
// share one, for as long as their names answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "address_rules.hpp"

namespace switchhook::https {

struct Answer {
    std::string host;
    std::vector<Address> addresses;  // all of them; empty: `error` says why
    std::string error;
    // No addresses because nobody could be asked, or nobody answered: that says nothing about the name.
    bool unavailable = false;
};

// Any thread, many at once; may block for as long as the system's resolver does.
using Lookup = std::function<Answer(const std::string& host)>;

// getaddrinfo. An answer of another family than IPv4 and IPv6 is an error.
Answer look_up(const std::string& host);

class Resolver final {
public:
    static constexpr std::size_t kThreads = 8;
    static constexpr std::size_t kOfOneDomain = 3;        // looked up at once
    static constexpr std::size_t kHanging = 4;            // names that have hung before, looked up at once
    static constexpr std::size_t kQueue = 1024;           // questions that wait
    static constexpr std::size_t kQueueOfOneDomain = 64;  // of them, once half of kQueue is taken

    // `answered` is called on a thread of the resolver's, once for each accepted question that was not forgotten, never
    // after stop() returned. A look-up that took `hangs` or longer has hung.
    Resolver(Lookup lookup, std::function<void(Answer)> answered,
             std::chrono::milliseconds hangs = std::chrono::seconds(1));
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Any thread, never blocks. False: too many questions wait already.
    [[nodiscard]] bool ask(std::string host);
    // Since when the name is being looked up. Nothing: no thread has begun, or it is answered.
    std::optional<std::chrono::steady_clock::time_point> began(const std::string& host) const;
    // Nobody waits for the answer any more. True: nobody had begun to ask, and there will be none.
    bool forget(const std::string& host);
    // Returns at once: a thread that hangs in a look-up is left to end by itself. Safe twice.
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with threads that may outlive this object
};

}  // namespace switchhook::https
