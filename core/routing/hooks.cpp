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
    // What the configuration says. Immutable; a reload puts another in its place.
    struct Given {
        std::vector<Hook> hooks;
        std::unordered_set<std::string_view> hosts;  // views into `hooks`
        std::shared_ptr<const Chain> chain;
    };

    HookStore* store;
    base::Guarded<std::shared_ptr<const Given>> in_force;
    base::Guarded<std::shared_ptr<const Routes>> routes;  // not std::atomic<shared_ptr>: TSan sees a race in gcc 12's

    std::mutex mutex;  // of the three below
    std::condition_variable changed;
    std::deque<Participant*> waiting;
    bool leading = false;  // a participant is at the store; only it calls the store and the matchers

    std::shared_ptr<const Given> said() const {
        return in_force.with([](const auto& held) { return held; });
    }
    static std::shared_ptr<const Given> make_given(std::vector<Hook> configured, Chain chain) {
        auto made = std::make_shared<Given>();
        made->hooks = std::move(configured);
        for (auto& hook : made->hooks) {
            hook.id = hook_id(hook.host, hook.auth_id);
            hook.configured = true;
            made->hosts.insert(hook.host);
        }
        made->chain = std::make_shared<const Chain>(std::move(chain));
        return made;
    }

    // A configured host hides a stored one.
    static std::shared_ptr<const Routes> build(const Given& given, HookTable stored) {
        std::vector<Hook> hooks;
        hooks.reserve(given.hooks.size() + stored.size());
        hooks = given.hooks;
        for (auto& hook : stored) {
            if (given.hosts.contains(hook.host)) continue;
            hook.id = hook_id(hook.host, hook.auth_id);
            hook.configured = false;
            hooks.push_back(std::move(hook));
        }
        auto made = std::make_shared<const Routes>(std::move(hooks), given.chain);
        // An index that could not be made finds nothing: in force it would lose events as unmatched.
        for (const auto& matcher : *given.chain)
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
        publish(build(*said(), std::move(table).value()));
        return {};
    }

    Status read(const Given& given) {
        HookTable stored;
        if (store) {
            auto table = store->load();
            if (!table) return table.status();
            stored = std::move(table).value();
        }
        try {
            publish(build(given, std::move(stored)));
        } catch (const std::exception& failure) {
            return {Code::internal, std::string("the hooks cannot be used: ") + failure.what()};
        }
        return {};
    }

    // Alone at store and matchers while it lives.
    class Turn {
    public:
        explicit Turn(Impl& impl) : impl_(impl) {
            std::unique_lock lock(impl_.mutex);
            impl_.changed.wait(lock, [this] { return !impl_.leading; });
            impl_.leading = true;
        }
        ~Turn() {
            {
                const std::lock_guard lock(impl_.mutex);
                impl_.leading = false;
            }
            impl_.changed.notify_all();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Impl& impl_;
    };

    void lead(const std::vector<Participant*>& group) {
        try {
            apply(group);
        } catch (const std::exception& failure) {
            const Status status(Code::internal, std::string("hooks are not in force: ") + failure.what());
            for (auto* participant : group) participant->answer = status;
        }
    }
};

Hooks::Hooks(std::vector<Hook> configured, HookStore* store, Chain chain) : impl_(std::make_unique<Impl>()) {
    impl_->store = store;
    impl_->in_force.with([&](auto& held) { held = Impl::make_given(std::move(configured), std::move(chain)); });
    impl_->publish(std::make_shared<const Routes>(std::vector<Hook>{}, nullptr));
}

Hooks::~Hooks() = default;

Status Hooks::load() {
    return impl_->read(*impl_->said());
}

Result<std::shared_ptr<const Chain>> Hooks::reconfigure(std::vector<Hook> configured, Chain chain) {
    auto made = Impl::make_given(std::move(configured), std::move(chain));
    const Impl::Turn turn(*impl_);
    if (Status status = impl_->read(*made); !status) {
        for (const auto& matcher : *made->chain) matcher->stop();
        return status;
    }
    impl_->in_force.with([&](auto& held) { held.swap(made); });
    return made->chain;
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

std::shared_ptr<const Chain> Hooks::chain() const {
    return impl_->said()->chain;
}

bool Hooks::accepts(std::string_view host) const {
    const auto given = impl_->said();
    return std::any_of(given->chain->begin(), given->chain->end(),
                       [&](const auto& matcher) { return matcher->accepts(host); });
}

bool Hooks::configured(std::string_view host) const {
    return impl_->said()->hosts.contains(host);
}

}  // namespace switchhook::routing
