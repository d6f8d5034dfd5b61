// A matcher of exact hosts that reads the attribute "host", and a hook store in memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>

#include <switchhook/hook_store.hpp>
#include <switchhook/matcher.hpp>

namespace switchhook::routing {

class FakeMatcher final : public Matcher {
public:
    explicit FakeMatcher(std::string attribute = "host", std::atomic<int>* indexed = nullptr)
        : attribute_(std::move(attribute)), indexed_(indexed) {}

    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        if (indexed_) ++*indexed_;
        return std::make_unique<Index>(attribute_, hooks);
    }
    bool accepts(std::string_view host) const override { return !host.starts_with('*'); }
    Status health() const override { return fail; }

    Status fail;  // as a guard's after an index that could not be made

private:
    class Index final : public HookIndex {
    public:
        Index(std::string attribute, std::span<const Hook> hooks) : attribute_(std::move(attribute)) {
            for (const auto& hook : hooks) by_host_.emplace(hook.host, hook.id);
        }
        void find(const Event& event, Matches& matches) const override {
            matches.host = event.attribute(attribute_);
            if (const auto found = by_host_.find(matches.host); found != by_host_.end())
                matches.hooks.push_back(found->second);
        }

    private:
        std::string attribute_;
        std::unordered_map<std::string, HookId> by_host_;
    };

    std::string attribute_;
    std::atomic<int>* indexed_;
};

class FakeHookStore final : public HookStore {
public:
    Result<HookTable> load() override {
        if (!fail.ok()) return fail;
        return table();
    }
    Result<HookTable> apply(const HookChange& change) override {
        if (inside.fetch_add(1) != 0) overlapped = true;
        while (hold) std::this_thread::yield();
        ++applied;
        const Result<HookTable> answer = apply_alone(change);
        --inside;
        return answer;
    }

    std::map<std::string, Hook> rows;
    Status fail;
    std::atomic<int> applied = 0;
    std::atomic<int> inside = 0;
    std::atomic<bool> overlapped = false;
    std::atomic<bool> hold = false;

private:
    Result<HookTable> apply_alone(const HookChange& change) {
        if (!fail.ok()) return fail;
        for (const auto& host : change.remove) rows.erase(host);
        for (const auto& hook : change.put) rows[hook.host] = hook;
        return table();
    }
    HookTable table() const {
        HookTable made;
        for (const auto& [host, hook] : rows) made.push_back(hook);
        return made;
    }
};

inline Hook hook_of(std::string host, std::string auth_id = "tenant-a") {
    Hook hook;
    hook.url = "https://" + host + "/events";
    hook.host = std::move(host);
    hook.auth_id = std::move(auth_id);
    return hook;
}

}  // namespace switchhook::routing
