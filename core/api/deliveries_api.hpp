// /sip/deliveries: the log of deliveries, and sending again what has ended. docs/deliveries-api.md says it for users.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/outbox.hpp>

#include "core/api/authentication.hpp"
#include "core/http/front.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::api {

// What changes the outbox, on the thread that alone may; each waits for the disk.
struct Requeueing {
    std::function<Result<DeliveryId>(DeliveryId id, const TenantScope& scope)> one;
    std::function<Result<RequeueJob>(const LogFilter& filter)> begin;
    std::function<Result<RequeueJob>(JobId id, const TenantScope& scope)> cancel;
};

// Any thread that may block. What another tenant owns is answered like what does not exist, byte for byte.
class DeliveriesApi {
public:
    static constexpr std::size_t kPage = 50;
    static constexpr std::size_t kLongestPage = 500;
    static constexpr std::size_t kTextBytes = 1024;  // of a parameter

    // All outlive this object.
    DeliveriesApi(Outbox& outbox, Requeueing requeueing, const routing::Hooks& hooks,
                  const Authentication& authentication, Log& log);

    http::Response list(const http::Request& request) const;
    http::Response show(const http::Request& request) const;  // Request::parameter: the id; the same below
    http::Response requeue(const http::Request& request) const;
    http::Response begin_job(const http::Request& request) const;
    http::Response show_job(const http::Request& request) const;
    http::Response cancel_job(const http::Request& request) const;

private:
    using Parameters = std::vector<std::pair<std::string, std::string>>;
    struct Question {
        LogQuery query;
        bool nothing = false;  // asks for a host that there is not
    };

    // The question, or the 400 that names the parameter.
    std::variant<Question, http::Response> read(const Parameters& parameters, const Identity& caller, bool pages) const;
    std::optional<http::Response> read_one(const std::string& name, const std::string& value, bool pages,
                                           const Identity& caller, Question& question) const;
    http::Response failed(const Status& status) const;

    Outbox& outbox_;
    const Requeueing requeueing_;
    const routing::Hooks& hooks_;
    const Authentication& authentication_;
    Log& log_;
};

}  // namespace switchhook::api
