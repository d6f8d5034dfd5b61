// Routes: one immutable version of the hooks, indexed by every matcher of the chain.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <switchhook/matcher.hpp>

namespace switchhook::routing {

// The stable id of a hook: the first 63 bits of SHA-256 over host, a zero byte and auth_id; never zero.
HookId hook_id(std::string_view host, std::string_view auth_id);

using Chain = std::vector<std::unique_ptr<Matcher>>;

// Any thread.
class Routes {
public:
    // `hooks` have their ids set, hosts are unique. The chain lives as long as the routes; null: no matcher.
    Routes(std::vector<Hook> hooks, std::shared_ptr<const Chain> chain);
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    // Asks the matchers in order; the first that finds any hook decides.
    Matches match(const Event& event) const;
    // The hook of that id, or nullptr: it was removed or given to another tenant.
    const Hook* find(HookId id) const;
    // Sorted by host.
    std::span<const Hook> hooks() const { return hooks_; }

private:
    std::shared_ptr<const Chain> chain_;  // before what its matchers made
    std::vector<Hook> hooks_;
    std::unordered_map<HookId, const Hook*> by_id_;
    std::vector<std::unique_ptr<const HookIndex>> indexes_;
};

}  // namespace switchhook::routing
