// Sender: makes attempts over HTTPS, thousands at once, on one thread of its own. What the plugin wraps.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <switchhook/forwarder.hpp>

#include "address_rules.hpp"
#include "resolver.hpp"

namespace switchhook::https {

class Loop;

struct SenderOptions {
    AddressRules rules;
    std::string system_ca_file;  // may be missing when ca_file is given
    std::string ca_file;         // PEM; empty: none
    std::string user_agent;
    bool http2 = false;
    std::chrono::milliseconds resolve_timeout{2000};
    std::chrono::milliseconds connect_timeout{5000};
    std::chrono::milliseconds name_life{30'000};  // how long an answer of DNS is used
    // After a complete head the outcome stands; the body is awaited only so that the connection can be used again.
    std::chrono::milliseconds body_patience{1000};
    std::size_t response_bytes = 65536;
    long max_connections = 256;  // idle ones that are kept; busy ones are bounded by who sends
    Lookup lookup = &look_up;
};

class Sender final {
public:
    explicit Sender(SenderOptions options);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Code::invalid: the CA certificates cannot be used.
    Status start();
    // Ends what is in flight: an attempt whose head has come counts, the others are "stopped". Returns when every
    // completion has been called. Safe twice, and without start.
    void stop();

    // Whether start() would find its certificates. Opens nothing that stays open.
    Status check() const;
    Status check(std::string_view url) const;
    // As Forwarder::send. Before start and after stop, when there is no thread of ours, `done` is called here and at
    // once.
    void send(Request request, std::chrono::milliseconds deadline, Completion done);

private:
    SenderOptions options_;
    std::unique_ptr<Loop> loop_;
};

}  // namespace switchhook::https
