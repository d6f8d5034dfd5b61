// What the plugins declare, as far as showing and describing a configuration needs it.
#pragma once

#include <span>
#include <string_view>

#include <switchhook/settings.hpp>

namespace switchhook::config {

// One component of one plugin.
struct Declared {
    std::string_view contract;  // as contract_name() writes it: "outbox", "hook store", "matcher", "forwarder", ...
    std::string_view name;      // as in `use: name`
    std::string_view summary;
    std::span<const Setting> settings;
};

// The contract of the components that a block such as "storage" or "matchers[]" chooses from.
constexpr std::string_view contract_of_block(std::string_view path) {
    if (path == "storage") return "outbox";
    if (path == "hook_store") return "hook store";
    if (path == "matchers[]") return "matcher";
    if (path == "forwarder") return "forwarder";
    if (path == "provisioner") return "provisioner";
    if (path == "call_control") return "call control";
    return {};
}

}  // namespace switchhook::config
