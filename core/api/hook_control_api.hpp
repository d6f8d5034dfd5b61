// POST /sip/hooks/{host}/pause, /resume and /test: what is done with a hook that stays as it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/api/authentication.hpp"
#include "core/base/guarded.hpp"
#include "core/delivery/lane_states.hpp"
#include "core/delivery/ledger.hpp"
#include "core/delivery/request_writer.hpp"
#include "core/delivery/retry.hpp"
#include "core/http/front.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::api {

// How an event leaves at this moment.
struct TestTerms {
    delivery::RequestWriter writer;
    delivery::RetryProfiles profiles;  // which statuses are refusals
    std::string room_prefix;
    std::chrono::milliseconds timeout{};  // of the attempt
};

// What the control of hooks works with. All outlive it.
struct HookControl {
    delivery::Ledger& ledger;
    const delivery::LaneStates& lanes;
    Forwarder& forwarder;
    std::function<TestTerms()> terms;  // any thread
};

// Any thread that may block. What another tenant owns is answered like what does not exist, byte for byte.
class HookControlApi {
public:
    static constexpr std::size_t kReasonBytes = 256;
    // Each holds a thread of the API for up to delivery.timeout. Of the hooks of one tenant one at a time, whoever
    // asks: receivers that hang hold up no other tenant's tests.
    static constexpr std::size_t kTestsAtOnce = 4;
    static constexpr std::chrono::seconds kDurable{10};

    // All outlive this object.
    HookControlApi(HookControl control, const routing::Hooks& hooks, const Authentication& authentication, Log& log,
                   const Clock& clock);
    ~HookControlApi();

    // Request::parameter: the hook's host, percent-encoded; the same below. Answered when it is durable.
    http::Response pause(const http::Request& request);
    http::Response resume(const http::Request& request);
    // One attempt beside lanes, outbox, pause and breaker; 200 whatever came of it.
    http::Response test(const http::Request& request);

    // Resumes what is paused and is no hook any more, or another tenant's: whoever gets the host later begins afresh.
    // To be called after each change of the hooks; waits until it is durable, or has failed and is left to the next.
    void forget_removed();

    // Tests under way are answered 503 at once, and later ones too.
    void stop();

private:
    struct Target {
        Identity caller;
        std::shared_ptr<const routing::Routes> routes;
        const Hook* hook;  // of these routes
    };
    struct Attempt;
    struct Tests {
        bool stopped = false;
        std::map<std::string, std::shared_ptr<Attempt>> under_way;  // by the tenant whose hook it is
    };

    std::optional<http::Response> refusal_of(const Tests& tests, const std::string& tenant) const;

    std::variant<Target, http::Response> find(const http::Request& request) const;
    Status resume_durably(HookId hook);
    http::Response failed(const Status& status) const;
    http::Response attempt(const Target& target, const std::shared_ptr<Attempt>& attempt);

    const HookControl control_;
    const routing::Hooks& hooks_;
    const Authentication& authentication_;
    Log& log_;
    const Clock& clock_;
    base::Guarded<Tests> tests_;
    base::Guarded<std::unordered_set<HookId>> paused_;  // over this API: the lanes show it a moment later
};

}  // namespace switchhook::api
