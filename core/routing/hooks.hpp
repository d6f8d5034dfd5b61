// The live table of hooks: those of the configuration and those of the hook store, and the current Routes over both.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/hook_store.hpp>

#include "core/routing/routes.hpp"

namespace switchhook::routing {

// Judges a change against the very routes that it is about to be applied to: two callers that ask for one host at the
// same time cannot both be told that it is free. Not ok: that change is left out, and the Status is its caller's
// answer. Called by whichever participant leads the group; must not call Hooks.
using Judge = std::function<Status(const Routes& routes)>;

// Any thread. A configured host wins over a stored one, which is then hidden.
class Hooks {
public:
    // `store` may be null only in tests that never change anything.
    Hooks(std::vector<Hook> configured, HookStore* store, Chain chain);
    ~Hooks();

    // Reads the store and builds the first routes. Called once, before anything else.
    Status load();
    std::shared_ptr<const Routes> routes() const;

    // Other hooks of the configuration, and another chain, in effect on return; the stored ones are read anew. Not ok:
    // everything is as it was, and the chain that was given is stopped and gone. Answers the chain that was in effect:
    // it may be stopped when nobody else holds it.
    Result<std::shared_ptr<const Chain>> reconfigure(std::vector<Hook> configured, Chain chain);
    // Durable and in effect on return. Concurrent changes are grouped into one write and one re-index; a failure leaves
    // store and routes as they were and is every participant's answer.
    Status change(const HookChange& change, const Judge& judge = nullptr);
    std::shared_ptr<const Chain> chain() const;
    // Whether any matcher of the chain can use that host.
    bool accepts(std::string_view host) const;
    bool configured(std::string_view host) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::routing
