// Hook: a row of the forwarding table.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace switchhook {
inline namespace abi1 {

// Names a hook in the outbox, across restarts. The host derives it from host and auth_id, so that a host that was given
// to another tenant is another hook. Zero is never an id.
using HookId = std::uint64_t;

struct Rate {
    std::uint32_t per_second = 0;  // events; 1 or more
    std::uint32_t burst = 0;       // events at once after a pause; 1 or more

    friend bool operator==(const Rate&, const Rate&) = default;
};

struct Hook {
    HookId id = 0;                    // set by the host; stores leave it 0
    std::string host;                 // lower case, trimmed; "example.com", "*.example.com" or "*"
    std::string url;                  // https://
    std::string auth_id;              // the tenant; may be empty
    std::string dialect;              // empty: delivery.dialect
    std::vector<std::string> events;  // empty: the dialect's default
    std::string retry{};              // name of a retry profile; empty: delivery.retry
    std::uint32_t concurrency = 0;    // streams under way at once; 0: delivery.concurrency
    std::optional<Rate> rate{};       // none: as fast as it takes them
    std::map<std::string, std::chrono::milliseconds> max_age{};  // by event name: older ones are not sent any more
    // The hook's own, from the configuration only; never stored, never shown. The first signs, the others are for
    // dialects that sign with several while a secret rotates. Empty: sip.hook_secret.
    std::vector<std::string> secrets{};
    bool configured = false;  // from the configuration: not changeable over REST

    friend bool operator==(const Hook&, const Hook&) = default;
};

}  // namespace abi1
}  // namespace switchhook
