// Hook: a row of the forwarding table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchhook {
inline namespace abi1 {

// Names a hook in the outbox, across restarts. The host derives it from host and auth_id, so that a host that was given
// to another tenant is another hook. Zero is never an id.
using HookId = std::uint64_t;

struct Hook {
    HookId id = 0;                      // set by the host; stores leave it 0
    std::string host;                   // lower case, trimmed; "example.com", "*.example.com" or "*"
    std::string url;                    // https://
    std::string auth_id;                // the tenant; may be empty
    std::string dialect;                // empty: delivery.dialect
    std::vector<std::string> events;    // empty: the dialect's default
    std::optional<std::string> secret;  // the hook's own, from the configuration only; never stored, never shown
    bool configured = false;            // from the configuration: not changeable over REST

    friend bool operator==(const Hook&, const Hook&) = default;
};

}  // namespace abi1
}  // namespace switchhook
