// Routes: one immutable version of the hooks, indexed by every matcher of the chain.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <switchhook/matcher.hpp>

namespace switchhook::routing {

// The stable id of a hook: the first 63 bits of SHA-256 over host, a zero byte and auth_id; never zero.
HookId hook_id(std::string_view host, std::string_view auth_id);

using Chain = std::vector<std::unique_ptr<Matcher>>;

// What one matcher did in a look-up.
struct MatchStep {
    std::size_t matcher = 0;  // position in the chain
    std::string text;         // in the matcher's own words, one step a line
    Matches matches;
};

// Any thread.
class Routes {
public:
    // `hooks` have their ids set, hosts are unique. The chain lives as long as the routes; null: no matcher.
    Routes(std::vector<Hook> hooks, std::shared_ptr<const Chain> chain);
    Routes(const Routes&) = delete;
    Routes& operator=(const Routes&) = delete;

    // Asks the matchers in order; the first that finds any hook decides.
    Matches match(const Event& event) const;
    // The same for a person: the matchers that were asked, in order; the last one decided, when it found any hook.
    std::vector<MatchStep> explain(const Event& event) const;
    // The hook of that id, or nullptr: it was removed or given to another tenant.
    const Hook* find(HookId id) const;
    // Sorted by host.
    std::span<const Hook> hooks() const { return hooks_; }

private:
    std::shared_ptr<const Chain> chain_;  // before what its matchers made
    std::vector<Hook> hooks_;
    std::unordered_map<HookId, const Hook*> by_id_;
    struct Index {
        std::size_t matcher;  // position in the chain
        std::unique_ptr<const HookIndex> index;
    };
    std::vector<Index> indexes_;
};

}  // namespace switchhook::routing
