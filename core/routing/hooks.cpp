#include "core/routing/hooks.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "core/base/guarded.hpp"

namespace switchhook::routing {
namespace {

// One caller of change() that waits for its answer. Lives on the caller's stack.
struct Participant {
    const HookChange& change;
    const Judge& judge;
    Status answer{};
    bool done = false;
};

bool is_wildcard(std::string_view host) {
    return host.starts_with('*');
}

// The hosts that one group changes. A judged change may only join when what it would be judged against, the routes
// before the group, says the same as the routes after those ahead of it.
class GroupHosts {
public:
    bool admits(const Participant& participant) const {
        if (!participant.judge || !any_) return true;
        if (wildcard_) return false;
        return none_of(participant.change,
                       [&](const std::string& host) { return is_wildcard(host) || hosts_.contains(host); });
    }
    void add(const HookChange& change) {
        any_ = true;
        none_of(change, [&](const std::string& host) {
            wildcard_ = wildcard_ || is_wildcard(host);
            hosts_.insert(host);
            return false;
        });
    }

private:
    template <typename Test>
    static bool none_of(const HookChange& change, Test&& test) {
        return std::none_of(change.put.begin(), change.put.end(), [&](const Hook& hook) { return test(hook.host); }) &&
               std::none_of(change.remove.begin(), change.remove.end(), test);
    }

    std::unordered_set<std::string> hosts_;
    bool any_ = false;
    bool wildcard_ = false;
};

// Changes in the order in which they came, as one: the last word on a host counts. Inside one change a put wins.
HookChange merged(const std::vector<Participant*>& group) {
    std::map<std::string_view, const Hook*> last;  // nullptr: removed
    for (const auto* participant : group) {
        for (const auto& host : participant->change.remove) last[host] = nullptr;
        for (const auto& hook : participant->change.put) last[hook.host] = &hook;
    }
    HookChange change;
    for (const auto& [host, hook] : last) {
        if (hook)
            change.put.push_back(*hook);
        else
            change.remove.emplace_back(host);
    }
    return change;
}

}  // namespace

struct Hooks::Impl {
    std::vector<Hook> configured;
    std::unordered_set<std::string_view> configured_hosts;  // views into `configured`
    HookStore* store;
    std::vector<std::unique_ptr<Matcher>> chain;
    base::Guarded<std::shared_ptr<const Routes>> routes;  // not std::atomic<shared_ptr>: TSan sees a race in gcc 12's

    std::mutex mutex;  // of the three below
    std::condition_variable changed;
    std::deque<Participant*> waiting;
    bool leading = false;  // a participant is at the store; only it calls the store and the matchers

    // A configured host hides a stored one.
    std::shared_ptr<const Routes> build(HookTable stored) {
        std::vector<Hook> hooks;
        hooks.reserve(configured.size() + stored.size());
        hooks = configured;
        for (auto& hook : stored) {
            if (configured_hosts.contains(hook.host)) continue;
            hook.id = hook_id(hook.host, hook.auth_id);
            hook.configured = false;
            hooks.push_back(std::move(hook));
        }
        auto made = std::make_shared<const Routes>(std::move(hooks), chain);
        // An index that could not be made finds nothing: in force it would lose events as unmatched.
        for (const auto& matcher : chain)
            if (const Status health = matcher->health(); !health) throw std::runtime_error(health.message());
        return made;
    }

    std::shared_ptr<const Routes> current() const {
        return routes.with([](const auto& held) { return held; });
    }
    void publish(std::shared_ptr<const Routes> made) {
        // The old version is freed outside the lock: a million hooks take a while.
        routes.with([&](auto& held) { held.swap(made); });
    }

    std::vector<Participant*> take_group() {
        std::vector<Participant*> group;
        GroupHosts hosts;
        while (!waiting.empty() && hosts.admits(*waiting.front())) {
            hosts.add(waiting.front()->change);
            group.push_back(waiting.front());
            waiting.pop_front();
        }
        return group;
    }

    void apply(std::vector<Participant*> group) {
        const auto before = current();
        std::erase_if(group, [&](Participant* participant) {
            if (participant->judge) participant->answer = participant->judge(*before);
            return !participant->answer.ok();
        });
        if (group.empty()) return;
        const auto answer = write(merged(group));
        for (auto* participant : group) participant->answer = answer;
    }

    Status write(const HookChange& change) {
        if (!store) return {Code::internal, "hooks cannot be changed: there is no hook store"};
        auto table = store->apply(change);
        if (!table) return table.status();
        publish(build(std::move(table).value()));
        return {};
    }

    void lead(const std::vector<Participant*>& group) {
        try {
            apply(group);
        } catch (const std::exception& failure) {
            const Status status(Code::internal, std::string("hooks are not in force: ") + failure.what());
            for (auto* participant : group) participant->answer = status;
        }
    }
};

Hooks::Hooks(std::vector<Hook> configured, HookStore* store, std::vector<std::unique_ptr<Matcher>> chain)
    : impl_(std::make_unique<Impl>()) {
    impl_->configured = std::move(configured);
    for (auto& hook : impl_->configured) {
        hook.id = hook_id(hook.host, hook.auth_id);
        hook.configured = true;
        impl_->configured_hosts.insert(hook.host);
    }
    impl_->store = store;
    impl_->chain = std::move(chain);
    impl_->publish(std::make_shared<const Routes>(std::vector<Hook>{}, std::span<const std::unique_ptr<Matcher>>{}));
}

Hooks::~Hooks() = default;

Status Hooks::load() {
    HookTable stored;
    if (impl_->store) {
        auto table = impl_->store->load();
        if (!table) return table.status();
        stored = std::move(table).value();
    }
    try {
        impl_->publish(impl_->build(std::move(stored)));
    } catch (const std::exception& failure) {
        return {Code::internal, std::string("the hooks cannot be used: ") + failure.what()};
    }
    return {};
}

std::shared_ptr<const Routes> Hooks::routes() const {
    return impl_->current();
}

Status Hooks::change(const HookChange& change, const Judge& judge) {
    Participant mine{.change = change, .judge = judge};
    std::unique_lock lock(impl_->mutex);
    impl_->waiting.push_back(&mine);
    // Whoever finds nobody at the store leads what waits, until its own turn has come.
    for (;;) {
        impl_->changed.wait(lock, [&] { return mine.done || !impl_->leading; });
        if (mine.done) return mine.answer;
        impl_->leading = true;
        const auto group = impl_->take_group();
        lock.unlock();
        impl_->lead(group);
        lock.lock();
        impl_->leading = false;
        for (auto* participant : group) participant->done = true;
        impl_->changed.notify_all();
    }
}

bool Hooks::accepts(std::string_view host) const {
    return std::any_of(impl_->chain.begin(), impl_->chain.end(),
                       [&](const auto& matcher) { return matcher->accepts(host); });
}

bool Hooks::configured(std::string_view host) const {
    return impl_->configured_hosts.contains(host);
}

}  // namespace switchhook::routing
