// Whose an event would be, and why, step by step: by the same reader, matchers and hooks as the server's.
#pragma once

#include <span>
#include <string>

#include <switchhook/event.hpp>

#include "core/cli/form.hpp"
#include "core/delivery/dialects.hpp"
#include "core/routing/routes.hpp"

namespace switchhook::cli {

// What the answer rests on. Everything outlives the call.
struct Ground {
    const routing::Routes& routes;
    std::span<const std::string> matchers;  // their names, in the order of the chain
    const delivery::Dialects& dialects;
    std::string room_prefix;  // sip.room_prefix
    std::string stored_in;    // where the hooks that are not configured come from: "the hook store 'sqlite'"
};

std::string explain(const Event& event, const Ground& ground, Form form);

}  // namespace switchhook::cli
