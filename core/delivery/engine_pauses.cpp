// Pauses: a hook that is sent nothing until somebody resumes it. What is paused lives in the outbox; the engine keeps a
// copy, and acts on it before it is durable only when the receiver itself said that it is gone.
#include <utility>

#include "core/delivery/engine.hpp"

namespace switchhook::delivery {

void Engine::pause(HookId hook, std::string reason, Ledger::Done done) {
    ledger_.pause({.hook = hook, .since_ms = clock_.unix_ms(), .reason = std::move(reason)}, std::move(done));
}

void Engine::resume(HookId hook, Ledger::Done done) {
    ledger_.resume(hook, std::move(done));
}

void Engine::paused(std::vector<Paused> hooks) {
    if (hooks.empty()) return;
    for (const auto& each : hooks) states_.pause(each);  // who asked for it may look before our next round
    mailbox_->push(std::move(hooks));
}

void Engine::resumed(HookId hook) {
    states_.resume(hook);
    mailbox_->push(Resumed{hook});
}

void Engine::hear(std::vector<Paused>& hooks) {
    for (auto& each : hooks) {
        const HookId hook = each.hook;
        const Hook* known = routes_->find(hook);
        const auto [found, is_new] = paused_.insert_or_assign(hook, std::move(each));
        if (is_new)
            reports_.hook_paused(known ? std::string_view(known->host) : std::string_view(), found->second.reason);
    }
    reports_.paused(paused_.size());
}

void Engine::hear(Resumed& resumed) {
    if (paused_.erase(resumed.hook) == 0) return;
    const Hook* known = routes_->find(resumed.hook);
    reports_.hook_resumed(known ? std::string_view(known->host) : std::string_view());
    reports_.paused(paused_.size());
    if (const auto lane = lanes_.find(resumed.hook); lane != lanes_.end()) touch(lane->second);
}

void Engine::pause_at_once(Lane& lane, std::string reason) {
    Paused paused{.hook = lane.hook(), .since_ms = clock_.unix_ms(), .reason = std::move(reason)};
    const auto [found, is_new] = paused_.try_emplace(lane.hook(), paused);
    if (!is_new) return;  // of another attempt that was under way
    states_.pause(paused);
    reports_.hook_paused(host_of(lane), found->second.reason);
    reports_.paused(paused_.size());
    ledger_.pause(std::move(paused), {});
}

}  // namespace switchhook::delivery
