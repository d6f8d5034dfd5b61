// ApiClient: one Twirp call of LiveKit's server API, as JSON over a pooled connection, with a token of its own.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include <switchhook/host.hpp>

#include "access_token.hpp"
#include "answer.hpp"
#include "connections.hpp"
#include "failure.hpp"

namespace switchhook::livekit_api {

struct ApiOptions {
    std::string url;  // as read_server_url returns it
    std::string api_key;
    std::string api_secret;
    std::chrono::milliseconds timeout{5000};  // per call
    std::string ca_file{};
    std::string user_agent = "Switchhook";
};

// What may be asked for, and with which right.
struct Call {
    std::string_view service;  // "livekit.SIP"
    std::string_view method;   // "ListSIPInboundTrunk"
    Grant grant = Grant::sip_admin;
    std::string_view room{};  // for Grant::room_admin
};

// The object that LiveKit answered, or why there is none.
class Reply {
public:
    Reply(Json object) : held_(std::in_place_index<0>, std::move(object)) {}
    Reply(Failure failure) : held_(std::in_place_index<1>, std::move(failure)) {}

    bool ok() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    // Only when ok(), and only when not.
    const Json& object() const { return std::get<0>(held_); }
    const Failure& failure() const { return std::get<1>(held_); }

private:
    std::variant<Json, Failure> held_;
};

// Any thread, several at once.
class ApiClient final {
public:
    // Throws std::exception: libcurl or OpenSSL cannot be used.
    ApiClient(ApiOptions options, const Clock& clock);

    // Code::invalid: ca_file cannot be read. Asks nobody.
    Status check() const;
    void start() { connections_.start(); }
    void stop() { connections_.stop(); }

    // Blocks at most for the shorter of the timeout and `time_left`.
    Reply call(const Call& call, const Json& request, std::chrono::milliseconds time_left);
    Reply call(const Call& call, const Json& request) { return this->call(call, request, options_.timeout); }

    const std::string& url() const noexcept { return options_.url; }
    std::chrono::milliseconds timeout() const noexcept { return options_.timeout; }

private:
    const ApiOptions options_;
    const Clock& clock_;
    signing::HmacSha256 hmac_;
    Connections connections_;
};

}  // namespace switchhook::livekit_api
