// The dialects in use by name, and which events a hook gets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/dialect.hpp>
#include <switchhook/outbox.hpp>

#include "core/routing/routes.hpp"

namespace switchhook::delivery {

// Immutable after the last add(); then any thread.
class Dialects {
public:
    // `fallback`: delivery.dialect, for hooks that name none.
    explicit Dialects(std::string fallback) : fallback_(std::move(fallback)) {}

    // Asks for its default events once. The dialect outlives this object.
    void add(std::string name, const Dialect& dialect);

    std::string_view name_for(const Hook& hook) const { return hook.dialect.empty() ? fallback_ : hook.dialect; }
    // nullptr: no dialect of that name.
    const Dialect* find(std::string_view name) const;
    // Hook::events, or its dialect's default.
    bool wants(const Hook& hook, std::string_view event_name) const;

private:
    struct Known {
        const Dialect* dialect;
        std::vector<std::string> default_events;  // empty: all
    };

    std::string fallback_;
    std::map<std::string, Known, std::less<>> known_;
};

// The filter of one commit, over one version of the routes.
class EventFilter final : public HookFilter {
public:
    EventFilter(std::shared_ptr<const routing::Routes> routes, const Dialects& dialects)
        : routes_(std::move(routes)), dialects_(dialects) {}
    // A hook that is gone wants everything: its delivery then becomes a dead letter that can be seen.
    bool wants(HookId hook, std::string_view event_name) const override;

private:
    std::shared_ptr<const routing::Routes> routes_;
    const Dialects& dialects_;
};

}  // namespace switchhook::delivery
