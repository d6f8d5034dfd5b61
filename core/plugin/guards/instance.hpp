// One object that a plugin made, and how it is entered: one place that catches, serialises and says who it was.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <switchhook/component.hpp>
#include <switchhook/host.hpp>
#include <switchhook/plugin.hpp>

namespace switchhook::plugin {

// Any thread. Shared by the guard and by what outlives it (an index of hooks that is still being asked, a completion).
class Instance final {
public:
    // `object` came from `entry.create` and is given back to `entry.destroy`. `label` names it in every text:
    // "plugin matcher_sip_host (matcher sip_host)". The host outlives the instance.
    Instance(Component* object, const ComponentEntry& entry, std::string label, Host& host);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    Component& object() const { return *object_; }

    // Runs `use`, which returns a Status or a Result; what it throws becomes Code::internal.
    template <typename Use>
    auto call(std::string_view name, Use&& use) const -> decltype(use()) {
        try {
            const auto turn = enter();
            return std::forward<Use>(use)();
        } catch (const std::exception& failure) {
            return fault(name, failure.what());
        } catch (...) {
            return fault(name, kUnknown);
        }
    }

    // Runs `use` where the contract has no Status. False when it threw: that is logged, at most once a minute.
    template <typename Use>
    bool attempt(std::string_view name, Use&& use) const {
        try {
            const auto turn = enter();
            std::forward<Use>(use)();
            return true;
        } catch (const std::exception& failure) {
            complain(name, failure.what());
        } catch (...) {
            complain(name, kUnknown);
        }
        return false;
    }

    // One line of the log at most once a minute, with how many were left out since the last.
    void complain(std::string_view name, std::string_view what) const;
    Status fault(std::string_view name, std::string_view what) const;

private:
    static constexpr std::string_view kUnknown = "an exception of unknown type";

    // Recursive: a forwarder may complete inside send, and the completion may send again.
    std::unique_lock<std::recursive_mutex> enter() const {
        return concurrent_ ? std::unique_lock<std::recursive_mutex>() : std::unique_lock(mutex_);
    }

    Component* object_;
    void (*destroy_)(Component*);
    bool concurrent_;
    std::string label_;
    Host& host_;
    mutable std::recursive_mutex mutex_;
    mutable std::atomic<std::int64_t> quiet_until_ms_{INT64_MIN};  // of the steady clock
    mutable std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace switchhook::plugin
