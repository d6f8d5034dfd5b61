// `switchhook hooks ...` on a running server. Each answers what goes to standard output.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <switchhook/hook.hpp>

#include "core/cli/api_client.hpp"
#include "core/cli/form.hpp"

namespace switchhook::cli {

// A hook as it was asked for on the command line; what is empty is left to the server.
struct WantedHook {
    std::string host;
    std::string url;
    std::string auth_id{};
    std::string dialect{};
    std::vector<std::string> events{};
    std::string retry{};
    std::optional<std::uint32_t> concurrency{};
    std::optional<Rate> rate{};
    std::map<std::string, std::string> max_age{};  // event name -> duration, as written
};

// The hooks that the caller of the API may see, as far as it tells of them.
Result<std::vector<Hook>> hooks_of_server(ApiClient& api);

Result<std::string> list_hooks(ApiClient& api, Form form);
// Adds it, or replaces the hook of that host.
Result<std::string> add_hook(ApiClient& api, const WantedHook& hook, Form form);
Result<std::string> remove_hooks(ApiClient& api, std::span<const std::string> hosts, Form form);
// An empty reason is none.
Result<std::string> pause_hook(ApiClient& api, const std::string& host, const std::string& reason, Form form);
Result<std::string> resume_hook(ApiClient& api, const std::string& host, Form form);

// What a test event came to.
struct Tested {
    std::string text;
    bool delivered = false;
};
Result<Tested> test_hook(ApiClient& api, const std::string& host, Form form);

}  // namespace switchhook::cli
