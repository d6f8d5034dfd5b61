// GET, POST and DELETE /sip/hooks: the forwarding table at run time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/host.hpp>

#include "core/api/authentication.hpp"
#include "core/api/body.hpp"
#include "core/base/guarded.hpp"
#include "core/http/front.hpp"
#include "core/routing/hooks.hpp"

namespace switchhook::api {

// What of the configuration the answers depend on.
struct HookRules {
    bool sip = false;                          // off: changes are kept, nothing is listed and no secret is asked for
    bool secret_usable = true;                 // sip.hook_secret is set: hooks of this API have no secret of their own
    std::vector<std::string_view> dialects{};  // those installed; views that outlive the API
    std::vector<std::string_view> retries{};   // retry profiles; likewise
    std::shared_ptr<const void> owner{};       // of what the views point into, when it is not there for good
};

// The hooks as they are running. Without a sip block they are not.
struct HookStates {
    StateOf of = nullptr;
    std::function<void()> changed = nullptr;  // the table is another; before the change is answered, may wait
};

// Statuses, texts and the order of checks are the reference's; beyond it: HTTPS, usable hosts and URLs, tenants,
// limits. Any thread. put and remove wait for the durable change: they belong on a thread that may block.
class HooksApi {
public:
    static constexpr std::size_t kHooksPerRequest = 1000;
    // Attempts of one hook under way at once that a tenant may ask for. The operator may give more, up to what the
    // configuration can.
    static constexpr std::uint32_t kTenantConcurrency = 64;
    static constexpr std::size_t kAuthIdBytes = 256;
    static constexpr std::size_t kUrlBytes = 4096;
    static constexpr std::size_t kEvents = 64;  // names in `events` of one hook
    static constexpr std::size_t kEventNameBytes = 128;

    // All outlive this object.
    HooksApi(routing::Hooks& hooks, const Forwarder& forwarder, const Authentication& authentication, HookRules rules,
             Log& log, HookStates states = {});

    // From the next request on.
    void replace(HookRules rules);

    http::Response list(const http::Request& request) const;
    http::Response put(const http::Request& request);
    http::Response remove(const http::Request& request);

private:
    using Refusal = std::optional<http::Response>;

    http::Response visible_to(const Identity& caller) const;
    Refusal without_sip() const;
    Refusal configured(std::span<const std::string> hosts) const;
    Refusal unfit(const Hook& hook, std::size_t index) const;
    // Takes what the entry says of dialect, events and pace into the hook.
    Refusal take_choices(const Identity& caller, const SentHook& entry, std::size_t index, Hook& hook) const;
    http::Response change(const Identity& caller, const HookChange& change);

    routing::Hooks& hooks_;
    const Forwarder& forwarder_;
    const Authentication& authentication_;
    std::shared_ptr<const HookRules> rules() const {
        return rules_.with([](const auto& held) { return held; });
    }

    base::Guarded<std::shared_ptr<const HookRules>> rules_;
    Log& log_;
    const HookStates states_;
};

}  // namespace switchhook::api
