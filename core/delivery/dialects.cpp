#include "core/delivery/dialects.hpp"

#include <algorithm>
#include <utility>

namespace switchhook::delivery {
namespace {

bool all_or_listed(const std::vector<std::string>& events, std::string_view name) {
    return events.empty() || std::find(events.begin(), events.end(), name) != events.end();
}

}  // namespace

void Dialects::add(std::string name, const Dialect& dialect) {
    known_.insert_or_assign(std::move(name), Known{&dialect, dialect.default_events()});
}

const Dialect* Dialects::find(std::string_view name) const {
    const auto found = known_.find(name);
    return found == known_.end() ? nullptr : found->second.dialect;
}

bool Dialects::wants(const Hook& hook, std::string_view event_name) const {
    if (!hook.events.empty()) return all_or_listed(hook.events, event_name);
    const auto found = known_.find(name_for(hook));
    return found == known_.end() || all_or_listed(found->second.default_events, event_name);
}

bool EventFilter::wants(HookId hook, std::string_view event_name) const {
    const Hook* found = routes_->find(hook);
    return !found || dialects_.wants(*found, event_name);
}

}  // namespace switchhook::delivery
